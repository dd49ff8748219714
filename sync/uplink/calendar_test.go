package uplink_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"evalpad/sync/link"
	"evalpad/sync/linktest"
	"evalpad/sync/outbox"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
	"evalpad/test/harness"
)

// wall is a wall clock as a box may find it after a power cut.
type wall struct {
	ahead time.Duration // of the true time
	set   bool
}

var (
	y1970 = wall{ahead: time.Until(time.Unix(0, 0))}
	y2099 = wall{ahead: time.Until(time.Date(2099, 6, 1, 0, 0, 0, 0, time.UTC))}
	right = wall{set: true}
)

func isSet(w wall) wall { w.set = true; return w }

// office is a broker with a certificate, over real TLS, and headquarters behind it; and the file of
// one box, which goes to it in any number of boots.
type office struct {
	t      *testing.T
	broker *linktest.Broker
	hq     *headquarters
	bank   *linktest.Authority
	server *tls.Config
	shown  atomic.Pointer[tls.Certificate]
	path   string
	boots  int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{
		t: t, broker: linktest.NewBroker(t), bank: linktest.NewAuthority(t, "Bank Root"),
		path: filepath.Join(t.TempDir(), "outbox.db"),
	}
	o.server = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return o.shown.Load(), nil }}
	o.hq = newHeadquarters(o.broker)
	return o
}

// shows is the broker's certificate from now on: it began 24 hours before it ends.
func (o *office) shows(by *linktest.Authority, ends time.Duration) *office {
	cert := by.Issue("broker", time.Now().Add(ends), "127.0.0.1")
	o.shown.Store(&cert)
	return o
}

// told has headquarters have told the date in an earlier boot, so long ago.
func (o *office) told(ago time.Duration) *office {
	o.t.Helper()
	note, err := json.Marshal(map[string]any{"at": wire.At(time.Now().Add(-ago)), "boot": "boot-0", "uptime_ms": 5})
	if err != nil {
		o.t.Fatal(err)
	}
	store := o.open()
	_, err = store.Commit(o.t.Context(), outbox.Change{Notes: map[string][]byte{"headquarters-date": note}})
	if err := fmt.Sprint(err, store.Close()); err != "<nil> <nil>" {
		o.t.Fatal(err)
	}
	return o
}

func (o *office) open() *outbox.Outbox {
	o.t.Helper()
	store, err := outbox.Open(o.path, outbox.Options{Key: boxKey, Place: place, Max: 1 << 20})
	if err != nil {
		o.t.Fatal(err)
	}
	return store
}

// boot is one life of the box, up for a minute already.
type boot struct {
	*office
	up   *uplink.Uplink
	wall atomic.Pointer[wall]
	end  func()
}

func (o *office) boot(w wall, built time.Duration) *boot {
	o.t.Helper()
	o.boots++
	b, began, store := &boot{office: o}, time.Now(), o.open()
	b.wall.Store(&w)
	var err error
	b.up, err = uplink.New(uplink.Options{
		Link:   link.Options{Broker: o.broker.TLSURL(o.server), TLS: o.bank.Client("")},
		Topics: topics, Place: place, Key: boxKey, Store: store, Agent: &box{t: o.t, store: store},
		Boot: fmt.Sprint("boot-", o.boots), Uptime: func() time.Duration { return time.Since(began) + time.Minute },
		Wall: func() (time.Time, bool) { w := b.wall.Load(); return time.Now().Add(w.ahead), w.set }, Built: time.Now().Add(-built),
		Random: func() float64 { return 0 },
	})
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(o.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = b.up.Run(ctx) })
	b.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := store.Close(); err != nil {
			o.t.Error(err)
		}
	})
	o.t.Cleanup(b.end)
	return b
}

// lets waits until headquarters is reached.
func (b *boot) lets() *boot {
	b.t.Helper()
	harness.Eventually(b.t, 30*time.Second, "a session with headquarters", func() bool { return b.up.State().Phase == uplink.Flowing })
	return b
}

// refuses waits until the broker's certificate has been refused three times for its dates.
func (b *boot) refuses(words string) *boot {
	b.t.Helper()
	sessions := b.sessions()
	harness.Eventually(b.t, 30*time.Second, "a refusal: "+words, func() bool {
		s := b.up.State()
		return s.Phase == uplink.Connecting && strings.Contains(s.Trouble, words)
	})
	for range 50 { // more tries than the one after which it may know better
		if b.up.State().Phase == uplink.Flowing || b.sessions() != sessions {
			b.t.Fatalf("the box has a session with a certificate that it should refuse")
		}
		time.Sleep(time.Millisecond)
	}
	return b
}

// sessions counts the births that have come.
func (b *boot) sessions() (n int) {
	b.hq.with(func() { n = len(b.hq.births) })
	return n
}

const (
	month    = 30 * 24 * time.Hour
	badDates = "the broker's certificate is good from"
)

// TestCertificateWithAWrongClock: whatever a clock that nobody has set says, a good certificate is
// good, and one that has expired is not.
func TestCertificateWithAWrongClock(t *testing.T) {
	for name, w := range map[string]wall{"1970": y1970, "2099": y2099, "right": right, "1970, said to be set": isSet(y1970)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.shows(o.bank, time.Hour).told(20*time.Minute).boot(w, month).lets().end()
			o.shows(o.bank, -10*time.Minute).told(5*time.Minute).boot(w, month).refuses(badDates)
		})
	}
}

// TestFirstStartWithAWrongClock: nobody has told this box a date; it knows its build, and what the
// bank's authority has signed since.
func TestFirstStartWithAWrongClock(t *testing.T) {
	for name, w := range map[string]wall{"1970": y1970, "2099": y2099} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.shows(o.bank, time.Hour).boot(w, month).lets().end()
			o.shows(linktest.NewAuthority(t, "Somebody Else"), time.Hour).boot(w, month).refuses("not among the trusted CAs").end()
			o.shows(o.bank, -month).boot(w, month/2).refuses(badDates)
		})
	}
}

// TestStrangerMovesNoDate shows certificates that begin eight hours after all that the box knows, its
// build, and are by nobody it trusts or for another broker.
func TestStrangerMovesNoDate(t *testing.T) {
	stranger := linktest.NewAuthority(t, "Somebody Else")
	for name, show := range map[string]func(*office){
		"not trusted": func(o *office) { o.shows(stranger, 20*time.Hour) },
		"not its name": func(o *office) {
			cert := o.bank.Issue("other", time.Now().Add(20*time.Hour), "10.0.0.1")
			o.shown.Store(&cert)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			show(o)
			b := o.boot(y1970, 12*time.Hour).refuses(badDates)
			o.shows(o.bank, -11*time.Hour) // good an hour after the build, if the date has not moved
			b.lets()
		})
	}
}

// TestFalseTimeServerHeals: a clock that is set to 2099 refuses everything, until it is put right.
func TestFalseTimeServerHeals(t *testing.T) {
	o := newOffice(t)
	b := o.shows(o.bank, time.Hour).told(time.Hour).boot(isSet(y2099), month).refuses(badDates)
	b.wall.Store(&right)
	b.lets()
}

// TestDateIsKeptForTheNextBoot: what headquarters told in one boot counts in the next.
func TestDateIsKeptForTheNextBoot(t *testing.T) {
	o := newOffice(t)
	o.shows(o.bank, time.Hour).boot(y1970, month).lets().end()
	o.shows(o.bank, -time.Minute).boot(y1970, month).refuses(badDates)
}

// TestHeadquartersClockRunsAhead: its word of 2099 does not lock the box out of the broker that it
// was just speaking to.
func TestHeadquartersClockRunsAhead(t *testing.T) {
	o := newOffice(t)
	o.hq.with(func() { o.hq.forge = func(r *wire.Receipt) { r.Sent = wire.At(time.Now().Add(y2099.ahead)) } })
	o.shows(o.bank, time.Hour).boot(y1970, month).lets().end()
	o.boot(y1970, month).lets()
}
