// Package qrdesk is where the bank's front end brings what a customer has said on a phone, after scanning
// the code that a box has shown: one request of an HTTP API with JSON. It is off unless it is configured,
// and takes requests with the front end's own token only.
//
// A code is believed for its box's signature, and taken once. What came of it, and what it does to a case,
// the ledger decides. An answer is the same whatever was said.
//
// firmware-notes/openapi-qr.yaml describes every request and answer.
package qrdesk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Book is the ledger as this desk uses it.
type Book interface {
	KeysBeginning(ctx context.Context, prefix string) ([]ledger.DeviceKey, error)
	Made(ctx context.Context, device string, t seal.Token, now time.Time) (casebook.Reckoning, error)
	Phone(ctx context.Context, p ledger.PhoneRating) error
}

// Options is what a desk needs. Book and TokenFile are required.
type Options struct {
	Book Book
	// TokenFile has mode 0600 and one line of 24 to 256 visible ASCII characters. It is read at each
	// request: whoever changes it need not start anything anew.
	TokenFile string
	GoodFor   time.Duration    // how long a code may be used from its making; default 24 h
	Now       func() time.Time // default time.Now
	Log       *slog.Logger     // nil discards
}

func (o Options) withDefaults() Options {
	o.GoodFor = cmp.Or(o.GoodFor, 24*time.Hour)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// desk answers.
type desk struct {
	o     Options
	limit *limiter // of requests
	quiet *limiter // of lines in the log
}

// New makes the desk's handler.
func New(o Options) (http.Handler, error) {
	o = o.withDefaults()
	switch {
	case o.Book == nil:
		return nil, errors.New("new qr desk: no ledger")
	case o.TokenFile == "":
		return nil, errors.New("new qr desk: no token file")
	case o.GoodFor < 0:
		return nil, errors.New("new qr desk: codes would never be good")
	}
	d := &desk{o: o, limit: newLimiter(requestsASecond, requestsAtOnce), quiet: newLimiter(1.0/60, 5)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/qr", d.rate)
	return d.guarded(mux), nil
}

// guarded lets in who shows the token, at a rate.
func (d *desk) guarded(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		token, err := readToken(d.o.TokenFile)
		switch {
		case err != nil:
			d.complain("qr desk closed", "error", err)
			problemClosed.say(w)
		case !token.isShown(r):
			d.complain("qr desk: a request without the token", "from", r.RemoteAddr)
			h.Set("WWW-Authenticate", `Bearer realm="evalpad"`)
			problemNoToken.say(w)
		case !d.limit.take(d.o.Now()):
			problemTooMany.say(w)
		default:
			site.ServeHTTP(w, r)
		}
	})
}

// complain writes a line, but a few a minute at most.
func (d *desk) complain(words string, about ...any) {
	if d.quiet.take(d.o.Now()) {
		d.o.Log.Warn(words, about...)
	}
}

// takeTime is how long the ledger may take.
const takeTime = 10 * time.Second

// rate takes one rating.
func (d *desk) rate(w http.ResponseWriter, r *http.Request) {
	told, p := read(w, r)
	if p != nil {
		p.say(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), takeTime)
	defer cancel()
	rating, err := d.believed(ctx, told)
	if err == nil {
		err = d.o.Book.Phone(ctx, rating)
	}
	if err != nil {
		d.refuse(w, err)
		return
	}
	say(w, http.StatusOK, taken{"taken", wire.Code(rating.Token.Evaluation)})
}

// believed is what was told, once its token verifies under a key that a box has introduced.
func (d *desk) believed(ctx context.Context, t told) (ledger.PhoneRating, error) {
	rating := ledger.PhoneRating{
		GoodFor: d.o.GoodFor, Scores: t.scores, Reasons: t.reasons, Taken: d.o.Now(), Idempotency: t.key, BodyHash: t.hash,
	}
	token, err := seal.ReadToken(t.token)
	if err != nil {
		return rating, err
	}
	keys, err := d.o.Book.KeysBeginning(ctx, token.KeyPrefix())
	if err != nil {
		return rating, err
	}
	rating.Token, rating.Key, err = signer(token, keys)
	if err != nil {
		return rating, err
	}
	rating.Made, err = d.o.Book.Made(ctx, rating.Key.Device, token, rating.Taken)
	return rating, err
}

// signer finds whose token it is among the keys whose names begin alike.
func signer(t seal.Token, keys []ledger.DeviceKey) (seal.Token, ledger.DeviceKey, error) {
	err := ledger.ErrUnknownKey
	for _, k := range keys {
		if err = t.Check(k.Key, k.Device); err == nil {
			return t, k, nil
		}
	}
	return t, ledger.DeviceKey{}, err
}

// refuse says in words of this API why a rating was not taken.
func (d *desk) refuse(w http.ResponseWriter, err error) {
	p, known := problemOf(err)
	if !known {
		d.o.Log.Error("rating by phone not taken", "error", err)
	}
	p.say(w)
}
