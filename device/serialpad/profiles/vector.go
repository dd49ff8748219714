package profiles

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"evalpad/device"
)

// vectors tries the examples of a profile against what was made of it.
func (c *checker) vectors(p *Protocol) {
	if len(p.profile.Vectors) == 0 {
		c.fault("vectors", "no example: write at least one with hears: and means:")
	}
	for i, v := range p.profile.Vectors {
		way := fmt.Sprintf("vectors/%d", i)
		first, _ := p.Addresses()
		s, err := p.Station(cmp.Or(v.Address, first), p.vectorKeys(), "")
		if err != nil {
			c.fault(way+"/address", "%v", err)
			continue
		}
		if v.Says != "" {
			c.vectorSays(way, s, v)
		} else {
			c.vectorHears(way, s, v)
		}
	}
}

// vectorKeys makes every key count where the branch must say which is best; a vector then names the
// key and not the score.
func (p *Protocol) vectorKeys() map[byte]int {
	if len(p.keys) > 0 {
		return nil
	}
	all := map[byte]int{}
	for key := range 256 {
		all[byte(key)] = 3
	}
	return all
}

// vectorWindow is the window of the question in vectors, 30 seconds.
const vectorWindow = 30 * time.Second

func (c *checker) vectorSays(way string, s *Station, v Vector) {
	name, dimension, _ := strings.Cut(v.Says, " ")
	if _, known := s.p.says[name]; !known {
		c.fault(way+"/says", "%.20q is not said above: write one of %s", name, or(s.p.says))
		return
	}
	want, err := Bytes(v.Bytes)
	got := s.p.speak(name, s.address, Question{cmp.Or(dimension, "overall"), vectorWindow})
	if err != nil || string(want) != got {
		c.fault(way+"/bytes", "%s is said as % X, not as %.200s", v.Says, got, v.Bytes)
	}
}

func (c *checker) vectorHears(way string, s *Station, v Vector) {
	b, err := Bytes(v.Hears)
	if err != nil {
		c.fault(way+"/hears", "%v", err)
		return
	}
	if s.p.poll != nil {
		c.vectorPoll(way, s, v, b)
		return
	}
	means, acks := s.p.hear(s, b)
	if means != v.Means {
		c.fault(way+"/means", "% X means %q here, not %.60q", b, means, v.Means)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Thanks)) {
		want, err := Bytes(v.Thanks[name])
		if err != nil || acks[name] != string(want) {
			c.fault(way+"/thanks/"+name, "% X is thanked with % X, not with %.200s", b, acks[name], v.Thanks[name])
		}
	}
}

// hear is what the bytes of a vector mean, in a vector's words, and every acknowledgement of them.
func (p *Protocol) hear(s *Station, b []byte) (means string, acks map[string]string) {
	d := p.Decoder(p.profile.Line.Baud)
	heard := d.Quiet(d.Feed(nil, b, 0), time.Hour)
	if len(heard) != 1 || heard[0].Len != len(b) {
		return fmt.Sprintf("%d things", len(heard)), nil
	}
	if heard[0].Reason != "" {
		return "refused " + heard[0].Reason, nil
	}
	f := heard[0].Frame
	signal, _ := s.Meaning(f)
	acks = map[string]string{}
	for i, name := range p.Acks() {
		variant := *s
		variant.thanks = i
		_, acks[name] = variant.Meaning(f)
	}
	if key, ok := s.Key(f); ok && len(p.keys) == 0 {
		return fmt.Sprintf("key %02X", key), acks
	}
	return describe(signal), acks
}

func describe(s device.Signal) string {
	words := []string{string(s.Kind)}
	if s.Score > 0 {
		words = append(words, fmt.Sprint(s.Score))
	}
	for _, w := range []string{s.Dimension, s.Ticket, s.Teller, s.Reason} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}
