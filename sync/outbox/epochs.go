package outbox

import "evalpad/sync/wire"

// epochsTold is how many epochs a status has room for.
const epochsTold = 4

// Epochs tells of every epoch that still has letters waiting and of the current one, which comes
// last: at most four, the oldest of the waiting first.
func (b *Outbox) Epochs() []wire.EpochState {
	b.mu.Lock()
	defer b.mu.Unlock()
	var told []wire.EpochState
	for _, r := range b.state.rows[:len(b.state.rows)-1] {
		if r.settled < r.Head && len(told) < epochsTold-1 {
			told = append(told, r.report())
		}
	}
	return append(told, b.state.current().report())
}

func (r row) report() wire.EpochState {
	return wire.EpochState{Epoch: r.Epoch, Head: r.Head, Hash: r.Hash, Settled: r.settled}
}
