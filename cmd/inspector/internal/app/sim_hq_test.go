package app_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing/synctest"
	"time"

	"evalpad/cmd/inspector/internal/app"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/linktest"
	"evalpad/sync/wire"
)

// simHQ is headquarters' machine with its disk and its backups.
type simHQ struct {
	s       *simulation
	dir     string
	line    distance
	life    *hqLife  // nil while it is down
	backups []string // copies of the disk, oldest first

	restored bool // an older copy has been put back at least once
}

// hqLife is the inspector from one start to its end.
type hqLife struct {
	app   *app.App
	relay *linktest.Relay
	dead  atomic.Bool
	end   context.CancelFunc
	ended chan error
}

// simPoll is how often the simulation's inspector looks at its deadlines.
const simPoll = 5 * time.Second

func (h *simHQ) open() bool {
	if h.life != nil {
		return false
	}
	l := &hqLife{ended: make(chan error, 1)}
	l.relay = linktest.NewRelay(h.s.t, h.line.to(h.s.broker.Dial, &l.dead))
	var err error
	l.app, err = app.New(app.Options{
		DataDir: h.dir, NoSocket: true, DialBroker: l.relay.Dial, Broker: app.Broker{URL: "mqtt://mqtt.bank.example"},
		Clocks: h.s.plan.clocks, PollEvery: simPoll, Log: h.s.log.With("program", "inspector"),
	})
	if err != nil {
		h.s.t.Fatal(err)
	}
	ctx, end := context.WithCancel(h.s.t.Context())
	l.end = end
	go func() { l.ended <- l.app.Run(ctx) }()
	h.life = l
	return true
}

// crash ends the inspector with nothing finished; what goes on is a copy of its disk. A machine's
// crash leaves its lines half-open, a process's cuts them.
func (h *simHQ) crash(process bool) bool {
	l := h.life
	if l == nil {
		return false
	}
	l.dead.Store(true)
	if process {
		l.relay.Cut()
	} else {
		l.relay.Freeze()
	}
	synctest.Wait()
	old := h.dir
	h.dir, h.life = h.s.image(h.dir), nil
	h.s.ending.Go(func() {
		l.end()
		<-l.ended
		l.relay.Cut()
		if err := os.RemoveAll(old); err != nil {
			h.s.t.Error(err)
		}
	})
	return true
}

func (h *simHQ) shutDown() bool {
	l := h.life
	if l == nil {
		return false
	}
	l.end()
	if err := <-l.ended; err != nil {
		h.s.t.Errorf("inspector: %v", err)
	}
	h.life = nil
	return true
}

func (h *simHQ) backup() bool {
	synctest.Wait()
	h.backups = append(h.backups, h.s.image(h.dir))
	return true
}

// restore puts the latest backup in the place of what there is.
func (h *simHQ) restore() bool {
	if len(h.backups) == 0 {
		return false
	}
	h.crash(true)
	h.dir, h.restored = h.s.image(h.backups[len(h.backups)-1]), true
	h.open()
	h.s.cases.restored(h.s)
	return true
}

func (h *simHQ) heal() {
	h.line.heal()
	h.open()
	h.life.relay.Cut()
}

func (h *simHQ) file() string { return filepath.Join(h.dir, app.LedgerName) }

func (h *simHQ) device(name string) ledger.Device {
	list, err := h.life.app.Ledger().Devices(h.s.t.Context())
	if err != nil {
		h.s.t.Fatal(err)
	}
	for _, d := range list {
		if d.Device == name {
			return d
		}
	}
	return ledger.Device{}
}

// held is through which record of an epoch the ledger is complete.
func (h *simHQ) held(device string, epoch wire.Epoch) uint64 {
	held, err := h.life.app.Ledger().Held(h.s.t.Context(), device, epoch)
	if err != nil {
		h.s.t.Fatal(err)
	}
	return held.Through
}

func (h *simHQ) cases() []casebook.Case {
	list, err := h.life.app.Ledger().Cases(h.s.t.Context(), ledger.Filter{All: true, Limit: 100_000})
	if err != nil {
		h.s.t.Fatal(err)
	}
	return list
}
