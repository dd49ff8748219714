package config

import "strconv"

// screenRules keeps the touch page on the box, since it takes ratings and has no lock of its own,
// stands the screen at its counter, and refuses every other counter without a pad. It returns where
// the screen is, in words that end a sentence about it.
func screenRules(s *sheet, p *Pad) (where string) {
	if p.Screen.Listen != "" && !OnLoopback(p.Screen.Listen) {
		s.faultOf("screen/listen", "listen %s can be reached from other machines, which could then rate: write 127.0.0.1:8090",
			quote(p.Screen.Listen))
	}
	if p.Screen.Listen == "" {
		for _, name := range []string{"hotline", "languages", "words", "voice"} {
			if way := under("screen", name); s.has(way) {
				s.faultOf(way, "%s is for the screen, and the screen is off: remove it, or write listen: 127.0.0.1:8090", name)
			}
		}
	}
	where = standScreen(s, p)
	for i, c := range p.Counters {
		switch way := under("counters", strconv.Itoa(i)); {
		case c.Screen || !padless(s, way):
		case p.Screen.Listen == "":
			s.faultOf(way, "%s has no pad and the screen is off: write pad:, or screen: {listen: 127.0.0.1:8090}", nameOf(c))
		default:
			s.faultOf(way, "%s has no pad, and the screen %s already: write pad:", nameOf(c), where)
		}
	}
	return where
}

// standScreen gives the screen to the counter without a pad, else to the first one.
func standScreen(s *sheet, p *Pad) (where string) {
	if p.Screen.Listen == "" || len(p.Counters) == 0 {
		return "is off"
	}
	first := &p.Counters[0]
	for i := range p.Counters {
		if padless(s, under("counters", strconv.Itoa(i))) {
			first = &p.Counters[i]
			break
		}
	}
	first.Screen = true
	return "stands at " + nameOf(*first)
}

// padless holds for a counter of which the file names no pad, right or wrong.
func padless(s *sheet, way string) bool { return !s.wrong(way) && !s.has(under(way, "pad")) }

func nameOf(c Counter) string {
	if c.Counter == "" {
		return "a counter without a name"
	}
	return "counter " + c.Counter
}
