package intake_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
	"evalpad/test/trial"
)

// attack is one way to make a press disappear, or to make one up. play carries it out on a box that
// has been honest so far; names are the incidents that may say so, of which one must be there. dead
// is how many letters must be among the dead ones.
type attack struct {
	names []string
	dead  int
	play  func(*bent)
}

// attacks are the table of firmware-notes: what somebody with the box, its key or its line can do.
// "honest" is here to see that nobody is accused of bad luck.
var attacks = map[string]attack{
	"honest":                         {nil, 0, func(*bent) {}},
	"old letters replayed":           {nil, 0, (*bent).replay},
	"a letter edited":                {nil, 1, func(b *bent) { b.send(wire.KindEvaluation, spoil(b.press1(5))) }},
	"a letter forged":                {nil, 1, (*bent).forge},
	"another key":                    {[]string{ledger.KeyUnconfirmed}, 0, (*bent).otherKey},
	"a record left out":              {[]string{ledger.Withheld}, 0, func(b *bent) { b.press1(1); b.pressOn(); b.beatFor(34 * time.Minute) }},
	"a record gone, and said so":     {[]string{ledger.RecordsMissing}, 0, (*bent).confess},
	"tail deleted after it was sent": {[]string{ledger.ForkFound, ledger.RolledBack}, 0, func(b *bent) { b.rewindTo(b.seq - 1); b.again(); b.pressOn() }},
	"tail deleted after it was told": {[]string{ledger.RolledBack}, 0, func(b *bent) {
		b.press1(1)
		b.beatFor(time.Minute)
		b.rewindTo(b.seq - 1)
		b.again()
		b.beatFor(time.Minute)
	}},
	"tail told of, deleted, and made anew": {[]string{ledger.RolledBack}, 0, func(b *bent) {
		b.press1(1)
		b.beatFor(time.Minute)
		b.rewindTo(b.seq - 1)
		b.pressOn()
		b.beatFor(3 * time.Minute)
	}},
	"an old card put back":      {[]string{ledger.RolledBack}, 0, func(b *bent) { b.rewindTo(1 + b.seq/2); b.again(); b.beatFor(time.Minute) }},
	"the card wiped":            {[]string{ledger.EpochOpened}, 0, (*bent).wipe},
	"the key cloned":            {[]string{ledger.ForkFound}, 0, (*bent).clone},
	"another box's topic":       {[]string{ledger.ForeignTopic}, 0, (*bent).foreign},
	"a chain that does not fit": {[]string{ledger.ChainBroken}, 0, func(b *bent) { b.head[0] ^= 1; b.pressOn() }},
}

// TestAttacks gives a box a random honest past, with letters twice and in any order, and then bends
// it in a random way. Each attack ends in an incident that names it, an honest box in none, and
// every press that arrived under a good seal counts once.
func TestAttacks(t *testing.T) {
	names := slices.Sorted(maps.Keys(attacks))
	tried := map[string]int{}
	t.Cleanup(func() {
		for name, n := range tried {
			trial.Report(t, trial.Trial{Fault: "attack: " + name, Injected: "a box bent in a bubble", Tried: n, Planted: "nothing-doubted, wiped-card-unnoticed"})
		}
	})
	for _, seed := range trial.Seeds(t, trial.Times(len(names)+1, 200)) {
		r := rand.New(rand.NewPCG(seed, 3))
		name := names[seed%uint64(len(names))]
		tried[name]++
		t.Run(fmt.Sprintf("%d %s", seed, name), func(t *testing.T) {
			story(t, func(t *testing.T, d *desk) {
				b := &bent{pad: newPad(t, d.broker, "pad-1"), desk: d, r: r, heads: []wire.Hash{{}}}
				b.born()
				b.past()
				attacks[name].play(b)
				settle()
				b.judge(attacks[name])
			})
		})
	}
}

// bent is a box whose owner means ill.
type bent struct {
	*pad
	desk  *desk
	r     *rand.Rand
	sent  []post
	heads []wire.Hash // by number
	rated int         // evaluations sent under a good seal
	low   int         // of them dissatisfied
}

type post struct {
	kind wire.Kind
	line []byte
}

// past is an honest history: 3 to 12 customers, whose letters come in any order, some of them twice.
func (b *bent) past() {
	b.sent = append(b.sent, post{wire.KindEvent, b.opened()})
	b.heads = append(b.heads, b.head)
	for range 3 + b.r.IntN(10) {
		b.sent = append(b.sent, b.customer(1+b.r.IntN(5))...)
	}
	letters := slices.Clone(b.sent)
	for range b.r.IntN(5) {
		letters = append(letters, b.sent[b.r.IntN(len(b.sent))])
	}
	b.r.Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
	for _, l := range letters {
		b.send(l.kind, l.line)
	}
	settle()
	b.beatFor(2 * time.Minute)
}

// customer seals one evaluation, which counts from when it is sent.
func (b *bent) customer(score int) (letters []post) {
	b.rated++
	alert, evaluation := b.press(fmt.Sprintf("%s-%d-%d", b.epoch, b.seq, b.r.Uint32()), wire.Score(score))
	if alert != nil {
		b.low++
		letters = append(letters, post{wire.KindAlert, alert})
		b.heads = append(b.heads, wire.Hash{}) // nobody winds back to between the two
	}
	b.heads = append(b.heads, b.head)
	return append(letters, post{wire.KindEvaluation, evaluation})
}

// press1 seals one evaluation and sends nothing of it.
func (b *bent) press1(score int) []byte {
	letters := b.customer(score)
	b.rated--
	if score <= 2 {
		b.low--
	}
	return letters[len(letters)-1].line
}

// pressOn has two more customers.
func (b *bent) pressOn() {
	for _, score := range []int{2, 5} {
		for _, l := range b.customer(score) {
			b.send(l.kind, l.line)
		}
	}
}

// again is a new session of the box, as after a restart.
func (b *bent) again() {
	b.session++
	b.born()
}

// beatFor lives on for d with a heartbeat each minute, which echoes what headquarters said last. What
// headquarters asks for is not heard.
func (b *bent) beatFor(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Minute) {
		b.birth()
		settle()
		b.beat(b.echo())
		settle()
	}
}

// echo is of the latest receipt.
func (b *bent) echo() (heard *wire.Heard) {
	for {
		select {
		case m := <-b.conn.Incoming():
			var r wire.Receipt
			if m.Topic == topics.Of(b.place, wire.KindReceipt) {
				b.read(m.Payload, seal.TagReceipt, &r, &r.By)
				heard = &wire.Heard{Sent: r.Sent, UptimeMS: b.uptime().Milliseconds()}
			}
		default:
			return heard
		}
	}
}

// rewindTo puts the box back to how it stood after record seq, or after the one before where that was
// an alert.
func (b *bent) rewindTo(seq uint64) {
	for seq > 0 && b.heads[seq] == (wire.Hash{}) {
		seq--
	}
	b.seq, b.head, b.heads = seq, b.heads[seq], b.heads[:seq+1]
}

func (b *bent) replay() {
	for range 20 {
		l := b.sent[b.r.IntN(len(b.sent))]
		b.send(l.kind, l.line)
	}
}

// forge sends a record that names the box's key and is sealed with another.
func (b *bent) forge() {
	own := b.key
	line := b.press1(1)
	body, _, err := seal.Split(line)
	if err != nil {
		b.t.Fatal(err)
	}
	forged, _ := seal.Record(seal.NewKey(), body)
	b.send(wire.KindEvaluation, forged)
	b.key = own
}

func (b *bent) otherKey() {
	b.key = seal.NewKey()
	b.epoch, b.seq, b.head, b.heads = "00000000000000ff", 0, wire.Hash{}, []wire.Hash{{}}
	b.send(wire.KindEvent, b.opened())
	b.heads = append(b.heads, b.head)
	b.pressOn()
}

// confess leaves a record out and answers for it.
func (b *bent) confess() {
	b.press1(5)
	b.send(wire.KindEvent, b.seal(wire.KindEvent, wire.Event{
		Event: wire.EventMissing, Missing: &wire.Missing{Epoch: b.epoch, From: b.seq, To: b.seq, Why: "unreadable"},
	}))
	b.heads = append(b.heads, b.head)
	b.pressOn()
}

// wipe begins anew with the same key, as a box does whose outbox was deleted.
func (b *bent) wipe() {
	b.epoch, b.seq, b.head, b.heads = "00000000000000fe", 0, wire.Hash{}, []wire.Hash{{}}
	b.again()
	b.send(wire.KindEvent, b.opened())
	b.heads = append(b.heads, b.head)
	b.pressOn()
}

// clone lets a second box go on from where the first one stands, with its key.
func (b *bent) clone() {
	seq, head, heads := b.seq, b.head, slices.Clone(b.heads)
	b.pressOn()
	b.seq, b.head, b.heads, b.boot = seq, head, heads, "b-clone"
	b.again()
	b.pressOn()
}

func (b *bent) foreign() {
	other := b.place
	other.Device = "pad-2"
	for _, l := range b.customer(1) {
		b.post(topics.Of(other, l.kind), l.line, 1, false)
	}
}

// judge looks at what headquarters made of it.
func (b *bent) judge(a attack) {
	t, d := b.t, b.desk
	t.Helper()
	list, err := d.ledger.Incidents(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	named := len(a.names) == 0
	for _, i := range list {
		named = named || slices.Contains(a.names, i.Kind)
		if len(a.names) == 0 {
			t.Errorf("incident %s of an honest box: %s", i.Kind, i.Evidence)
		}
	}
	if !named {
		t.Errorf("incidents %v: none of them is %v", d.incidents(), a.names)
	}
	if dead := d.deadReasons(); len(dead) != a.dead {
		t.Errorf("dead letters %q, want %d", dead, a.dead)
	}
	if n := len(d.cases()); n != b.low {
		t.Errorf("%d cases, want %d: one for each dissatisfied evaluation that came", n, b.low)
	}
}
