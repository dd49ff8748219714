package intake

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
	"evalpad/test/trial"
)

// TestHistories lives random days of one box: clocks of 1970 and of 2099 that are stepped, set and
// lost, restarts before and after, crystals that run off by up to 200 millionths, lines that are slow,
// cut and dead for hours, headquarters that comes and goes, births that lie retained, wills that come
// late, heartbeats that get lost. Whatever happens, each dissatisfied press has one case, was pressed
// within the stated error of its rated_at, and the four deadlines are what was promised, from the
// moment that the case opened.
//
// The session is a real one, with a real ledger behind it; but it is handed each message at the time
// of the history, and nobody sleeps.
func TestHistories(t *testing.T) {
	seeds, office := trial.Seeds(t, trial.Times(40, 1000)), newOffice(t)
	presses, how := 0, map[string]int{}
	for i, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			presses += newDay(t, office, i, seed).live(how)
		})
	}
	t.Logf("%d dissatisfied presses in %d days, reckoned: %v", presses, len(seeds), how)
	for _, kind := range []string{secondly, nearly, uncertain} {
		if len(seeds) > 1 && how[kind] < presses/50 {
			t.Errorf("%d of %d presses are reckoned %s: the histories are too tame", how[kind], presses, kind)
		}
	}
	trial.Report(t, trial.Trial{
		Fault:    "clocks of 1970 and 2099, stepped, drifting, lost at a restart",
		Injected: "random days of 24 h handed to the real intake and ledger", Tried: len(seeds), Planted: "anchors-from-retained",
	})
}

// How well a press is reckoned.
const (
	secondly  = "within 2 s"
	nearly    = "within 15 min"
	uncertain = "within a day"
	blindly   = "not at all"
)

// day is 24 hours of one box.
type day struct {
	*office
	t    *testing.T
	rnd  *rand.Rand
	hqUp bool

	place    wire.Place
	key      seal.Key
	number   uint64 // of the session
	online   bool
	will     []byte // composed at connect
	retained []byte // what lies in the broker
	heard    *wire.Heard

	epoch  wire.Epoch
	seq    uint64
	head   wire.Hash
	unsent []sealed

	boots   int
	boot    string
	started time.Time
	ppm     float64       // how far the crystal runs off, in millionths
	wall    time.Duration // of the box's wall clock, against the truth
	set     bool
	lies    bool // it is said to be set and is not: somebody has stepped it since
	known   bool // headquarters has anchors of this boot

	pressed map[string]time.Time // the truth, by evaluation
	arrived map[string]time.Time
	promise map[string]casebook.Promise
}

type sealed struct {
	kind wire.Kind
	line []byte
	of   string // the evaluation
}

func newDay(t *testing.T, o *office, n int, seed uint64) *day {
	d := &day{
		office: o, t: t, rnd: rand.New(rand.NewPCG(seed, 24)), hqUp: true, key: seal.NewKey(),
		place:   wire.Place{Region: "r11", Branch: "b0731", Device: fmt.Sprint("pad-", n)},
		epoch:   wire.Epoch(fmt.Sprintf("%016x", n+1)),
		pressed: map[string]time.Time{}, arrived: map[string]time.Time{}, promise: map[string]casebook.Promise{},
	}
	d.start()
	return d
}

// live plays the day and reports how many dissatisfied presses it had.
func (d *day) live(how map[string]int) (presses int) {
	for end := d.now.Add(24 * time.Hour); d.now.Before(end); {
		d.pass(time.Duration(d.rnd.ExpFloat64() * float64(10*time.Minute)))
		d.happen()
		if d.chance(0.1) {
			d.look()
		}
	}
	d.headquarters(true)
	d.connect()
	d.talk(false)
	d.look()
	d.check(how)
	return len(d.pressed)
}

// happen is the next thing of the day.
func (d *day) happen() {
	switch n := d.rnd.IntN(100); {
	case n < 40:
		d.press()
	case n < 55:
		d.connect()
		d.talk(d.chance(0.3))
	case n < 70:
		d.beat(d.chance(0.3))
	case n < 77:
		d.cut()
	case n < 83:
		d.reboot()
	case n < 87:
		d.pass(d.upTo(4 * time.Hour)) // asleep: uptime goes on
	case n < 94:
		d.headquarters(!d.hqUp)
	default:
		d.step()
	}
}

func (d *day) chance(p float64) bool                   { return d.rnd.Float64() < p }
func (d *day) upTo(most time.Duration) time.Duration   { return time.Duration(d.rnd.Int64N(int64(most))) }
func (d *day) pass(t time.Duration)                    { d.now = d.now.Add(t) }
func (d *day) post(k wire.Kind, line []byte, ret bool) { d.hand(d.t, d.place, k, line, ret) }

// delay is what a message needs on its way: mostly little, and never so much as would end a session.
func (d *day) delay() {
	d.pass(min(time.Duration(d.rnd.ExpFloat64()*float64(300*time.Millisecond)), 20*time.Second))
}

func (d *day) uptime() time.Duration {
	since := d.now.Sub(d.started)
	return since + time.Duration(float64(since)*d.ppm/1e6)
}

// start begins a boot, with whatever the wall clock says.
func (d *day) start() {
	d.boots++
	d.boot, d.started = fmt.Sprintf("%s boot-%d", d.place.Device, d.boots), d.now
	d.ppm = []float64{-200, 200, 400*d.rnd.Float64() - 200}[d.rnd.IntN(3)]
	d.known, d.heard = false, nil
	d.step()
}

// step is what happens to a wall clock: a time server, a technician, a battery.
func (d *day) step() {
	year := func(y int) time.Duration { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Sub(d.now) }
	d.wall = []time.Duration{year(1970), year(2099), 0, time.Hour, -time.Hour, 90 * time.Second}[d.rnd.IntN(6)]
	d.set = d.wall == 0
	d.lies = !d.set && d.known && d.chance(0.5) // whom headquarters has heard nobody need believe
}

// wallError is what an honest time server states.
const wallError = 800 * time.Millisecond

func (d *day) stamp() wire.Stamp {
	s := wire.Stamp{Boot: d.boot, UptimeMS: d.uptime().Milliseconds(), Clock: wire.ClockUnset}
	if d.set || d.lies {
		off := d.wall + d.upTo(2*wallError) - wallError
		s.Clock, s.Wall, s.ErrorMS = wire.ClockSet, new(wire.At(d.now.Add(off))), new(wallError.Milliseconds())
	}
	return s
}

// press is a dissatisfied customer.
func (d *day) press() {
	e := wire.Evaluation{
		Evaluation: fmt.Sprintf("%s-e%d", d.place.Device, len(d.pressed)), Counter: "c03", Outcome: wire.Rated, Prompted: true,
		Scores: map[wire.Dimension]wire.Score{wire.Overall: 2}, Dissatisfied: true, Pressed: d.stamp(), UI: "keys",
	}
	d.pressed[e.Evaluation] = d.now
	d.pass(d.upTo(30 * time.Second)) // until the question is closed
	d.seal(wire.KindAlert, wire.Alert{Evaluation: e}, e.Evaluation)
	d.seal(wire.KindEvaluation, e, e.Evaluation)
}

func (d *day) seal(k wire.Kind, data any, of string) {
	d.t.Helper()
	draft, err := wire.NewDraft(k, wire.Instant{}, "counter/c03", data)
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := draft.Body(d.place, d.epoch, d.seq+1, d.head, d.key.KID())
	if err != nil {
		d.t.Fatal(err)
	}
	line, hash := seal.Record(d.key, body)
	d.seq, d.head = d.seq+1, hash
	d.unsent = append(d.unsent, sealed{k, line, of})
}

func (d *day) status(state wire.Presence) wire.Status {
	return wire.Status{
		State: state, Session: d.number, Boot: d.boot, UptimeMS: d.uptime().Milliseconds(), Key: d.key.Public(),
		Epochs: []wire.EpochState{{Epoch: d.epoch, Head: d.seq, Hash: d.head}},
	}
}

// word signs a message of the box as of now.
func (d *day) word(tag seal.Tag, m any) []byte {
	line, err := seal.Message(d.key, tag, m)
	if err != nil {
		d.t.Fatal(err)
	}
	return line
}

// connect begins a session with the broker, whether headquarters is there or not.
func (d *day) connect() {
	if d.online {
		return
	}
	d.number++
	d.online, d.will = true, d.word(seal.TagStatus, d.status(wire.Lost))
	d.birth()
}

// birth lies retained in the broker from now on.
func (d *day) birth() {
	d.retained = d.word(seal.TagStatus, d.status(wire.Ready))
	d.delay()
	if d.hqUp {
		d.post(wire.KindStatus, d.retained, false)
		d.known = true
	}
}

// talk is the session after its birth: headquarters' receipt, the heartbeat that echoes it, which
// may get lost, and the records, which it can overtake.
func (d *day) talk(lost bool) {
	if !d.online || !d.hqUp {
		return
	}
	sent := wire.At(d.now)
	d.delay()
	d.heard = &wire.Heard{Sent: sent, UptimeMS: d.uptime().Milliseconds()}
	if overtaken := d.chance(0.3); overtaken {
		d.send()
		d.beat(lost)
		return
	}
	d.beat(lost)
	d.send()
}

func (d *day) beat(lost bool) {
	if !d.online {
		return
	}
	line := d.word(seal.TagHeartbeat, wire.Heartbeat{Status: d.status(wire.Ready), Heard: d.heard, Clock: wire.ClockUnset})
	d.delay()
	if d.hqUp && !lost {
		d.post(wire.KindHeartbeat, line, false)
		d.known = true
	}
}

// send brings the records, some of them twice.
func (d *day) send() {
	for _, s := range d.unsent {
		d.delay()
		if d.arrived[s.of].IsZero() {
			d.arrived[s.of] = d.now
		}
		d.post(s.kind, s.line, false)
		if d.chance(0.1) {
			d.delay()
			d.post(s.kind, s.line, false)
		}
	}
	d.unsent = nil
}

// cut ends the session; the broker says the will, which is as old as the session.
func (d *day) cut() {
	if !d.online {
		return
	}
	d.online, d.retained, d.heard = false, d.will, nil
	d.delay()
	if d.hqUp {
		d.post(wire.KindStatus, d.will, false)
	}
}

// reboot is a power cut.
func (d *day) reboot() {
	d.cut()
	d.pass(d.upTo(2 * time.Hour))
	d.start()
}

// headquarters comes or goes. What lies retained greets it when it comes.
func (d *day) headquarters(up bool) {
	if d.hqUp == up {
		return
	}
	if d.hqUp = up; !up {
		return
	}
	d.session.close()
	d.open()
	if d.retained != nil {
		d.post(wire.KindStatus, d.retained, true)
	}
	d.talk(d.chance(0.7))
}
