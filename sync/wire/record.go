package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Draft is a record that has not been sealed yet: it has no number, no predecessor, no signature.
type Draft struct {
	Kind    Kind
	Time    Instant // zero while the box's clock is unset
	Subject string  // as counter/c03
	Data    json.RawMessage
}

// NewDraft writes data, which must be one of this package's data types, into a draft.
func NewDraft(k Kind, at Instant, subject string, data any) (Draft, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return Draft{}, fmt.Errorf("write %s data: %w", k, err)
	}
	return Draft{Kind: k, Time: at, Subject: subject, Data: b}, nil
}

// Record is a sealed record as read from its line: a CloudEvents 1.0 event in structured mode whose
// chain members are extension attributes. Line is the bytes as sent; nobody writes them again.
type Record struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            Instant         `json:"time,omitzero"`
	Subject         string          `json:"subject,omitempty"`
	DataContentType string          `json:"datacontenttype"`
	Epoch           Epoch           `json:"epoch"`
	Seq             uint64          `json:"seq"`
	Prev            Hash            `json:"prev"`
	Data            json.RawMessage `json:"data"`
	KID             KID             `json:"kid"`
	Sig             *Signature      `json:"sig,omitempty"` // nil only while the body is written

	Kind  Kind   `json:"-"`
	Place Place  `json:"-"`
	Line  []byte `json:"-"`
}

// RecordID is the id of a record: its epoch and number.
func RecordID(e Epoch, seq uint64) string {
	return string(e) + "-" + strconv.FormatUint(seq, 10)
}

// Body writes the record without its signature: the bytes that are hashed and signed.
func (d Draft) Body(p Place, e Epoch, seq uint64, prev Hash, kid KID) ([]byte, error) {
	r := Record{
		SpecVersion: "1.0", ID: RecordID(e, seq), Source: p.Source(), Type: d.Kind.Type(),
		Time: d.Time, Subject: d.Subject, DataContentType: "application/json",
		Epoch: e, Seq: seq, Prev: prev, Data: d.Data, KID: kid,
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write record %s: %w", r.ID, err)
	}
	return b, nil
}

// sealLength is what a signature adds to a body, in bytes.
const sealLength = len(`,"sig":""`) + 86

// LineAtMost is how long the draft's line can become in bytes, whatever its number.
func (d Draft) LineAtMost(p Place) (int, error) {
	const longest = "0000000000000000"
	body, err := d.Body(p, longest, math.MaxUint64, Hash{}, longest)
	return len(body) + sealLength, err
}

// ErrTooLong is returned for a record line of more than MaxRecord bytes.
var ErrTooLong = errors.New("record is longer than 4096 bytes")

// ParseRecord reads the envelope of a record line. It checks form, not signature, and does not look
// into the data: what verifies and cannot be read is still kept.
func ParseRecord(line []byte) (Record, error) {
	if len(line) > MaxRecord {
		return Record{}, fmt.Errorf("read record of %d bytes: %w", len(line), ErrTooLong)
	}
	if !utf8.Valid(line) {
		return Record{}, errors.New("read record: not UTF-8")
	}
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	if err := r.check(); err != nil {
		return Record{}, fmt.Errorf("read record %.60q: %w", r.ID, err)
	}
	r.Line = bytes.Clone(line)
	return r, nil
}

func (r *Record) check() (err error) {
	var known bool
	switch r.Kind, known = KindOf(r.Type); {
	case r.SpecVersion != "1.0":
		return fmt.Errorf("specversion %.20q: want 1.0", r.SpecVersion)
	case !known:
		return fmt.Errorf("type %.60q: not a record of this version", r.Type)
	case !r.Epoch.Valid():
		return fmt.Errorf("epoch %.40q: want 16 hexadecimal digits", string(r.Epoch))
	case r.Seq == 0:
		return errors.New("seq 0: numbers start at 1")
	case r.ID != RecordID(r.Epoch, r.Seq):
		return fmt.Errorf("id is not epoch and seq, want %s", RecordID(r.Epoch, r.Seq))
	case !r.KID.Valid():
		return fmt.Errorf("kid %.40q: want 16 hexadecimal digits", string(r.KID))
	case r.Sig == nil:
		return errors.New("no signature")
	case len(r.Data) == 0:
		return errors.New("no data")
	}
	r.Place, err = ParseSource(r.Source)
	return err
}

// Evaluation reads the data of an evaluation record.
func (r Record) Evaluation() (Evaluation, error) {
	var e Evaluation
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return e, fmt.Errorf("read evaluation %s: %w", r.ID, err)
	}
	if err := e.Validate(); err != nil {
		return e, fmt.Errorf("read evaluation %s: %w", r.ID, err)
	}
	return e, nil
}

// Alert reads the data of an alert record.
func (r Record) Alert() (Alert, error) {
	var a Alert
	if err := json.Unmarshal(r.Data, &a); err != nil {
		return a, fmt.Errorf("read alert %s: %w", r.ID, err)
	}
	if err := a.Validate(); err != nil {
		return a, fmt.Errorf("read alert %s: %w", r.ID, err)
	}
	return a, nil
}

// Event reads the data of an event record.
func (r Record) Event() (Event, error) {
	var e Event
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return e, fmt.Errorf("read event %s: %w", r.ID, err)
	}
	return e, nil
}

// Counter is the counter that a record's subject names, or "".
func (r Record) Counter() string {
	c, _ := strings.CutPrefix(r.Subject, "counter/")
	return c
}
