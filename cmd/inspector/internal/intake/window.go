package intake

import "evalpad/sync/wire"

// Bounds of a granted window, in records (the protocol's).
const (
	minWindow = 4
	maxWindow = 256
)

// grant is the window for one box: its even share of the budget, and never so much that the sum of
// what has been granted exceeds the budget, but always minWindow. A box that is not ready counts in
// no sum.
func (m *mailroom) grant(b *box) int {
	share := m.o.QueueBudget / max(m.online, 1)
	left := m.o.QueueBudget - (m.granted - b.window)
	w := min(max(min(share, left), minWindow), maxWindow)
	if b.state == wire.Ready {
		m.granted += w - b.window
		b.window = w
	}
	return w
}

// devicesPerSecond is how many boxes headquarters can welcome back in a second.
const devicesPerSecond = 25

// spread is over how many seconds that many devices are to return after a common outage, at least 1.
func spread(devices int) float64 { return max(float64(devices)/devicesPerSecond, 1) }
