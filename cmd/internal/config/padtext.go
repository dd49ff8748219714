package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Text is the pad as a line of evalpad.yaml, as serial: {port: /dev/…, profile: ff68}. What is zero is
// left out.
func (p SerialPad) Text() string {
	words := []string{"port: " + plain(p.Port)}
	add := func(name, value string) {
		if value != "" && value != "0" {
			words = append(words, name+": "+value)
		}
	}
	add("baud", fmt.Sprint(p.Baud))
	add("parity", p.Parity)
	add("profile", plain(p.Profile))
	add("address", fmt.Sprint(p.Address))
	add("ack", plain(p.Ack))
	add("asks", plain(p.Asks))
	if len(p.Keys) > 0 {
		add("keys", "{"+strings.Join(keysByScore(p.Keys), ", ")+"}")
	}
	return "serial: {" + strings.Join(words, ", ") + "}"
}

// keysByScore writes keys with their scores, best first.
func keysByScore(keys map[string]int) (words []string) {
	names := slices.Sorted(maps.Keys(keys))
	slices.SortStableFunc(names, func(a, b string) int { return keys[b] - keys[a] })
	for _, name := range names {
		words = append(words, fmt.Sprintf("%s: %d", name, keys[name]))
	}
	return words
}

// plain is a value that stands in a flow map as it is, else in single quotes. A word of digits is a
// word only in quotes, but to us it is one either way.
func plain(value string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"
	inner := strings.ReplaceAll(value, ":", "") // by-path names have colons, with letters behind them
	if value == "" || strings.Trim(inner, letters) == "" && !strings.HasSuffix(value, ":") && !strings.HasPrefix(value, "-") && !strings.HasPrefix(value, ":") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
