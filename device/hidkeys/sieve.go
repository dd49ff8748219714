package hidkeys

// sieve lets those events through that tell of keys, and none of a packet of which the kernel has
// dropped a part: that is everything from SYN_DROPPED to the next SYN_REPORT
// (Documentation/input/event-codes.rst).
type sieve struct {
	torn bool // within such a packet
	lost bool // events were dropped since the keys were read
}

func (s *sieve) take(list []event) (keys []event) {
	for _, e := range list {
		switch {
		case e.kind == evSyn && e.code == synDropped:
			s.torn, s.lost = true, true
		case e.kind == evSyn && e.code == synReport:
			s.torn = false
		case e.kind == evKey && !s.torn && (e.value == valueUp || e.value == valueDown):
			keys = append(keys, e)
		}
	}
	return keys
}

// stale reports whether the keys must be read to know how they stand.
func (s *sieve) stale() bool { return s.lost && !s.torn }

func (s *sieve) renewed() { s.lost = false }
