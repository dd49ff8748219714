package qrdesk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"evalpad/sync/wire"
)

// Bounds of one request.
const (
	maxBody     = 4 << 10 // bytes
	maxKey      = 64      // characters of an Idempotency-Key
	minKey      = 8
	mostReasons = 3
)

// told is what a request says, in the form that it must have.
type told struct {
	token   string
	scores  map[wire.Dimension]wire.Score
	reasons []string
	key     string // Idempotency-Key
	hash    string // SHA-256 of the body
}

// read reads a request. What is missing, or not a member, is named.
func read(w http.ResponseWriter, r *http.Request) (t told, p *problem) {
	t.key = r.Header.Get("Idempotency-Key")
	if unseen := func(r rune) bool { return r <= ' ' || r > '~' }; len(t.key) < minKey || len(t.key) > maxKey || strings.ContainsFunc(t.key, unseen) {
		return t, bad("Idempotency-Key", fmt.Sprintf("write %d to %d visible ASCII characters, new for each rating and the same for its retries", minKey, maxKey))
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return t, &problem{http.StatusRequestEntityTooLarge, "too-long", "", fmt.Sprintf("the body is longer than %d bytes", maxBody)}
	}
	if err != nil {
		return t, &problem{http.StatusBadRequest, "bad-body", "", "the body has not come in time"}
	}
	sum := sha256.Sum256(text)
	t.hash = hex.EncodeToString(sum[:])
	return t, t.readBody(text)
}

func (t *told) readBody(text []byte) *problem {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || members == nil {
		return &problem{http.StatusBadRequest, "bad-body", "", `the body is no JSON object: write {"token":"…","scores":{"overall":2},"reasons":["waiting"]}`}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch name {
		case "token", "scores", "reasons":
		case "text":
			return bad(name, "a customer's own words are not taken here: they may name people")
		default:
			return bad(clip(name), "not a member of this request: write token, scores and, if there are any, reasons")
		}
	}
	if json.Unmarshal(members["token"], &t.token) != nil || t.token == "" {
		return bad("token", "write what follows the # of the scanned address, in quotes")
	}
	if p := t.readScores(members["scores"]); p != nil {
		return p
	}
	return t.readReasons(members["reasons"])
}

// readScores wants overall alone, or some of the three dimensions.
func (t *told) readScores(text json.RawMessage) *problem {
	if json.Unmarshal(text, &t.scores) != nil || len(t.scores) == 0 {
		return bad("scores", `write {"overall":1} or some of attitude, efficiency, compliance, each 1 to 5, 5 best`)
	}
	for _, d := range slices.Sorted(maps.Keys(t.scores)) {
		switch {
		case !d.Known():
			return bad("scores", clip(string(d))+" is no dimension: write overall, attitude, efficiency or compliance")
		case !t.scores[d].Valid():
			return bad("scores", fmt.Sprintf("%s %d: write 1 to 5, 5 best", d, t.scores[d]))
		case d == wire.Overall && len(t.scores) > 1:
			return bad("scores", "overall stands alone: write it, or some of attitude, efficiency, compliance")
		}
	}
	return nil
}

func (t *told) readReasons(text json.RawMessage) *problem {
	t.reasons = []string{}
	if text == nil {
		return nil
	}
	if json.Unmarshal(text, &t.reasons) != nil || t.reasons == nil || len(t.reasons) > mostReasons {
		return bad("reasons", fmt.Sprintf(`write at most %d codes, as ["waiting"]`, mostReasons))
	}
	for i, code := range t.reasons {
		if !wire.ValidLevel(code) || slices.Contains(t.reasons[:i], code) {
			return bad("reasons", clip(code)+": write codes of a-z, 0-9 and hyphen, each once")
		}
	}
	return nil
}

func bad(field, words string) *problem {
	return &problem{http.StatusBadRequest, "bad-field", field, field + ": " + words}
}

// clip shortens what a caller wrote, so that an answer stays short.
func clip(name string) string {
	if runes := []rune(name); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return name
}
