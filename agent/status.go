package agent

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"evalpad/agent/control"
	"evalpad/sync/outbox"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

// Status is what `evalpad status --json` shows.
type Status struct {
	Device       string         `json:"device"`
	Place        string         `json:"place"`
	Version      string         `json:"version"`
	UptimeMS     int64          `json:"uptime_ms"` // of the box, this boot
	Clock        string         `json:"clock"`
	Key          wire.PublicKey `json:"key"`
	Headquarters Headquarters   `json:"headquarters"`
	Outbox       Outbox         `json:"outbox"`
	OpenAlerts   []OpenAlert    `json:"open_alerts"` // not yet confirmed by headquarters
	Counters     []CounterState `json:"counters"`
	Presses      Presses        `json:"presses"`
	Degraded     []string       `json:"degraded"`
}

// Headquarters is how the way there stands.
type Headquarters struct {
	Broker      string       `json:"broker"`
	Phase       uplink.Phase `json:"phase"`
	Session     uint64       `json:"session"`
	Trouble     string       `json:"trouble,omitempty"`
	Window      int          `json:"window"`
	Root        string       `json:"root,omitempty"`
	Provisional bool         `json:"provisional"` // taken from the first receipt, not from enrolment
	SettleOn    string       `json:"settle_on"`
}

// Outbox is what waits.
type Outbox struct {
	Waiting     int               `json:"waiting"`
	Alerts      int               `json:"alerts_waiting"`
	OldestMS    int64             `json:"oldest_ms"`
	FreeShare   float64           `json:"free_share"`
	Quarantined int               `json:"quarantined"`
	Epochs      []wire.EpochState `json:"epochs"`
}

// OpenAlert is a dissatisfied evaluation that headquarters has not confirmed.
type OpenAlert struct {
	Evaluation string     `json:"evaluation"`
	Counter    string     `json:"counter"`
	Pressed    wire.Stamp `json:"pressed"`
	AgeMS      int64      `json:"age_ms"` // -1: pressed in an earlier boot of the box
}

// CounterState is one counter and what stands there.
type CounterState struct {
	Counter  string   `json:"counter"`
	Pads     []string `json:"pads"`
	Seen     uint64   `json:"seen"` // presses and refusals since the agent started
	Accepted uint64   `json:"accepted"`
	LastMS   int64    `json:"last_ms"` // since the last of them; -1: there was none
}

// Presses are counted since the agent started.
type Presses struct {
	Seen     uint64         `json:"seen"`
	Accepted uint64         `json:"accepted"`
	Refused  map[string]int `json:"refused"`
}

// Status is how things stand now.
func (a *Agent) Status() Status {
	up, stats, now := a.uplink.State(), a.store.Stats(), a.o.Now()
	s := Status{
		Device: a.o.Place.Device, Place: a.o.Place.String(), Version: a.o.Version,
		UptimeMS: now.Uptime.Milliseconds(), Clock: string(now.Clock), Key: a.key.Public(),
		Headquarters: Headquarters{
			Broker: up.Broker, Phase: up.Phase, Session: up.Session, Trouble: up.Trouble,
			Window: up.Window, Provisional: up.Provisional, SettleOn: string(a.o.SettleOn),
		},
		Outbox: Outbox{
			Waiting: stats.Waiting, Alerts: stats.Alerts, OldestMS: stats.Oldest.Milliseconds(),
			FreeShare: stats.Free, Quarantined: stats.Quarantined, Epochs: a.store.Epochs(),
		},
		OpenAlerts: a.openAlerts(),
		Degraded:   slices.Concat(a.dimmed(), up.Degraded),
	}
	if !up.Root.IsZero() {
		s.Headquarters.Root = up.Root.String()
	}
	s.Presses.Seen, s.Presses.Accepted, s.Presses.Refused = a.presses()
	for i, c := range a.o.Counters {
		state := CounterState{Counter: c.Counter, LastMS: -1}
		if t := a.desks[i].Tally(); t.Seen > 0 {
			state.Seen, state.Accepted = t.Seen, t.Accepted
			state.LastMS = (now.Uptime - a.desks[i].LastSeen()).Milliseconds()
		}
		for _, p := range c.Pads {
			state.Pads = append(state.Pads, p.String())
		}
		s.Counters = append(s.Counters, state)
	}
	return s
}

// openAlerts reads the alerts that wait, at most a page: more than that is one sentence to a
// technician anyhow.
func (a *Agent) openAlerts() []OpenAlert {
	open := []OpenAlert{}
	letters, err := a.store.Waiting(outbox.Alerts, 0, 100)
	if err != nil {
		a.o.Log.Error("open alerts not read", "error", err)
	}
	now := a.o.Now()
	for _, l := range letters {
		r, err := wire.ParseRecord(l.Line)
		if err != nil {
			continue // quarantined by the outbox, which counts it
		}
		raised, err := r.Alert()
		if err != nil {
			continue
		}
		age := int64(-1)
		if raised.Pressed.Boot == now.Boot {
			age = now.Uptime.Milliseconds() - raised.Pressed.UptimeMS
		}
		open = append(open, OpenAlert{raised.Evaluation.Evaluation, raised.Counter, raised.Pressed, age})
	}
	return open
}

// answers is what the control socket serves.
func (a *Agent) answers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { control.Say(w, a.Status()) })
	mux.HandleFunc("GET /outbox", a.listOutbox)
	mux.HandleFunc("GET /outbox/verify", a.verifyOutbox)
	return mux
}

// Letter is a record as `evalpad outbox list` shows it.
type Letter struct {
	Ref     outbox.Ref    `json:"ref"`
	ID      string        `json:"id"`
	Kind    wire.Kind     `json:"kind"`
	Waiting bool          `json:"waiting"` // not yet receipted
	Stored  *wire.Instant `json:"stored,omitempty"`
	Fault   string        `json:"fault,omitempty"`
}

// listOutbox writes one letter a line: an outbox can hold more than an answer should.
func (a *Agent) listOutbox(w http.ResponseWriter, _ *http.Request) {
	lines := json.NewEncoder(w)
	for item, err := range a.store.List() {
		if lines.Encode(LetterOf(item, err)) != nil {
			return // the asker has gone
		}
	}
}

// LetterOf is how an item of the outbox is shown.
func LetterOf(item outbox.Item, err error) Letter {
	l := Letter{Ref: item.Ref, Waiting: item.Waiting, Kind: item.Kind}
	if err != nil {
		l.Fault = err.Error()
		return l
	}
	l.ID = wire.RecordID(item.Epoch, item.Seq)
	if item.Wall != 0 {
		l.Stored = new(wire.At(time.UnixMilli(item.Wall)))
	}
	return l
}

func (a *Agent) verifyOutbox(w http.ResponseWriter, _ *http.Request) {
	report, err := a.store.Verify()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	control.Say(w, report)
}
