package evaluation

import (
	"time"

	"evalpad/sync/wire"
)

// Moment is what the box's clocks say at one instant. Uptime is CLOCK_BOOTTIME in the boot named;
// Wall counts only while Clock says that it is set; Error is how far Wall may be off, 0 if unknown.
type Moment struct {
	Boot   string
	Uptime time.Duration
	Wall   time.Time
	Clock  wire.ClockState
	Error  time.Duration
}

// Stamp is the stamp of an edge at that uptime: 0, or a future that no edge can have, mean just now.
func (m Moment) Stamp(edge time.Duration) wire.Stamp {
	if edge <= 0 || edge > m.Uptime {
		edge = m.Uptime
	}
	s := wire.Stamp{Boot: m.Boot, UptimeMS: edge.Milliseconds(), Clock: wire.ClockUnset}
	if m.Clock != wire.ClockSet || m.Wall.IsZero() {
		return s
	}
	wall := wire.At(m.Wall.Add(edge - m.Uptime))
	s.Clock, s.Wall = wire.ClockSet, &wall
	if m.Error > 0 {
		s.ErrorMS = new(m.Error.Milliseconds())
	}
	return s
}
