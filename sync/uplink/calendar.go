package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/wire"
)

// calendar is what this box takes for the date when it judges the broker's certificate. Its wall clock
// may say 1970 or 2099 after a power cut; a box that went by it would refuse every certificate until
// somebody came, or take one that expired long ago.
//
// The date is never before what has certainly passed: the build, the issue of the box's own
// certificate, and the last signed word of headquarters, each with the uptime since. Above that only
// a wall clock that is known to be set counts.
type calendar struct {
	boot   string
	uptime func() time.Duration
	wall   func() (now time.Time, set bool)

	mu    sync.Mutex
	floor date         // build, issue, what the authority has vouched for
	heard date         // headquarters' latest word
	noted wire.Instant // as of the last commit
}

// date is a moment that had come by some uptime of a boot.
type date struct {
	At       wire.Instant `json:"at"`
	Boot     string       `json:"boot"`
	UptimeMS int64        `json:"uptime_ms"`
}

// noteDate is headquarters' word, kept for the boots to come.
const noteDate = "headquarters-date"

// noteEvery is how much the date moves between two commits.
const noteEvery = time.Hour

// newCalendar begins with the build and with the box's own certificate; what was noted is read.
func newCalendar(o Options) (*calendar, error) {
	c := &calendar{boot: o.Boot, uptime: o.Uptime, wall: o.Wall}
	c.raise(o.Built)
	if o.Link.TLS != nil {
		for _, own := range o.Link.TLS.Certificates {
			if own.Leaf != nil {
				c.raise(own.Leaf.NotBefore)
			}
		}
	}
	b, err := o.Store.Note(noteDate)
	if err != nil || len(b) == 0 {
		return c, err
	}
	if err := json.Unmarshal(b, &c.heard); err != nil {
		return nil, fmt.Errorf("read the date that headquarters last told: %w", err)
	}
	c.noted = c.heard.At
	return c, nil
}

// now is the date for a certificate.
func (c *calendar) now() time.Time {
	c.mu.Lock()
	now := later(c.sure(c.floor), c.sure(c.heard))
	c.mu.Unlock()
	if wall, set := c.wall(); set {
		return later(now, wall)
	}
	return now
}

// sure is what has certainly come by now, if d has: the uptime since d is added, or the whole of
// this boot if d is of an earlier one.
func (c *calendar) sure(d date) time.Time {
	if d.At.IsZero() {
		return d.At.Time
	}
	since := c.uptime()
	if d.Boot == c.boot {
		since -= time.Duration(d.UptimeMS) * time.Millisecond
	}
	return d.At.Add(max(since, 0))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// raise notes that at has come.
func (c *calendar) raise(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.sure(c.floor)) {
		c.floor = c.today(at)
	}
}

func (c *calendar) today(at time.Time) date {
	return date{wire.At(at), c.boot, c.uptime().Milliseconds()}
}

// hear takes headquarters' verified word, and returns the note if it is worth a commit. The latest
// word counts, also where it takes an earlier one back: a receipt is of this session and cannot be
// replayed. A date by which the broker's certificate, which ends at until, would be no good is not
// taken: by its own word we could not be speaking. So no clock that errs at headquarters can make a
// box refuse the broker for good.
func (c *calendar) hear(sent wire.Instant, until time.Time) (note []byte, err error) {
	if !sent.Before(until) {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = c.today(sent.Time)
	if moved := sent.Sub(c.noted.Time); moved >= 0 && moved < noteEvery {
		return nil, nil
	}
	c.noted = sent
	return json.Marshal(c.heard)
}

// vouched learns from a refusal. Where the bank's authority has signed a certificate for this broker
// that begins later than the date here, it is later than this box thinks: it lay in a drawer while the
// certificate was renewed. It is so only where nothing better is known, that is while the wall clock
// is not set; and whatever else is wrong with the certificate stays wrong.
func (c *calendar) vouched(refusal error, t *tls.Config, host string) bool {
	why, ok := errors.AsType[*tls.CertificateVerificationError](refusal)
	if _, set := c.wall(); set || !ok || len(why.UnverifiedCertificates) == 0 {
		return false
	}
	leaf := why.UnverifiedCertificates[0]
	if !leaf.NotBefore.After(c.now()) {
		return false
	}
	v := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool(), CurrentTime: leaf.NotBefore}
	if t != nil {
		v.Roots = t.RootCAs
	}
	for _, between := range why.UnverifiedCertificates[1:] {
		v.Intermediates.AddCert(between)
	}
	if _, err := leaf.Verify(v); err != nil {
		return false
	}
	c.raise(leaf.NotBefore)
	return true
}

// dated is t, judging by the calendar unless t has a judgement of its own.
func (c *calendar) dated(t *tls.Config) *tls.Config {
	if t == nil {
		t = &tls.Config{}
	}
	if t.Time == nil {
		t = t.Clone()
		t.Time = c.now
	}
	return t
}

// date takes the date of a receipt. A note that cannot be kept is no reason to end a session.
func (s *session) date(ctx context.Context, sent wire.Instant) {
	note, err := s.calendar.hear(sent, s.conn.Until())
	if err == nil && note != nil {
		_, err = s.o.Store.Commit(ctx, outbox.Change{Notes: map[string][]byte{noteDate: note}})
	}
	if err != nil {
		s.o.Log.Warn("headquarters' date is not noted", "error", err)
	}
}
