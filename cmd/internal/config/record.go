package config

import (
	"reflect"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// record reads into a struct by its yaml tags, for files whose shape is a Go type elsewhere: structs
// are maps of the keys they name, slices lists, maps of anything; texts are taken as they stand, since
// 03 and 0E mean bytes there and no numbers. What the values may be is that type's affair.
func record(to reflect.Value) shape {
	switch to.Kind() {
	case reflect.Struct:
		return mapping(recordKeys(to)...)
	case reflect.Slice:
		return list("entries", func() shape {
			to.Set(reflect.Append(to, reflect.Zero(to.Type().Elem())))
			return record(to.Index(to.Len() - 1))
		})
	case reflect.Map:
		return recordMap(to)
	}
	return recordScalar(to)
}

func recordKeys(to reflect.Value) (keys []key) {
	for i := range to.NumField() {
		field := to.Field(i)
		keys = append(keys, key{to.Type().Field(i).Tag.Get("yaml"), func(s *sheet, way string, n *yaml.Node) {
			record(field)(s, way, n)
		}})
	}
	return keys
}

func recordMap(to reflect.Value) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.MappingNode, "a map") {
			return
		}
		to.Set(reflect.MakeMap(to.Type()))
		eachPair(s, way, n, func(name, value *yaml.Node) {
			v := reflect.New(to.Type().Elem()).Elem()
			record(v)(s, under(way, name.Value), value)
			to.SetMapIndex(reflect.ValueOf(name.Value), v)
		})
	}
}

var durationType = reflect.TypeFor[time.Duration]()

func recordScalar(to reflect.Value) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, "one value") {
			return
		}
		switch {
		case to.Type() == durationType:
			d, err := time.ParseDuration(n.Value)
			if err != nil {
				s.fault(n, "%s %s: write a time, as 50ms", called(way), quote(n.Value))
			}
			to.SetInt(int64(d))
		case to.Kind() == reflect.Int:
			v, err := strconv.Atoi(n.Value)
			if err != nil {
				s.fault(n, "%s %s: write a whole number", called(way), quote(n.Value))
			}
			to.SetInt(int64(v))
		case to.Kind() == reflect.Bool:
			if n.Value != "true" && n.Value != "false" {
				s.fault(n, "%s %s: write true or false", called(way), quote(n.Value))
			}
			to.SetBool(n.Value == "true")
		default:
			to.SetString(n.Value)
		}
	}
}
