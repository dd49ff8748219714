package uplink

import "time"

// Bounds of what may be in flight, in bytes: on a slow line what is already in the socket goes
// before an alert, so it is held to a second of that line.
const (
	flightFloor = 2 << 10
	flightCap   = 64 << 10
	flightStart = 16 << 10
)

// meter measures how many bytes a second the line carries, from publish to PUBACK. A sample is the
// bytes that were in flight when a letter left, itself included, over the time until it was
// acknowledged: on a full line that is its rate, on an idle one less, so the highest recent counts.
type meter struct{ rate float64 }

// acked takes one sample.
func (m *meter) acked(bytesAhead int, took time.Duration) {
	sample := float64(bytesAhead) / max(took, time.Microsecond).Seconds()
	m.rate = max(sample, 0.95*m.rate)
}

// cap is how many bytes may be in flight: a second of the line, within the bounds.
func (m *meter) cap() int {
	if m.rate == 0 {
		return flightStart
	}
	return int(min(max(m.rate, flightFloor), flightCap))
}
