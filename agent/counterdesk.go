package agent

import "evalpad/agent/evaluation"

// CounterDesk is the part, and DeskClosed the mode, of a prompt API that cannot be opened: everything
// else goes on.
const (
	CounterDesk = "counter-desk"
	DeskClosed  = "closed"
)

// Desks are the counters by name, for what stands beside the agent and speaks for a teller.
func (a *Agent) Desks() map[string]*evaluation.Desk {
	desks := map[string]*evaluation.Desk{}
	for i, c := range a.o.Counters {
		desks[c.Counter] = a.desks[i]
	}
	return desks
}

// DimCounterDesk turns the mode of the counter desk on, or off where err is nil.
func (a *Agent) DimCounterDesk(err error) { a.dim(CounterDesk, DeskClosed, err != nil) }
