// Package wire holds the nouns that a box and headquarters share, their topics and their bytes.
//
// What is sent is for ever: every message here has a golden file, and last year's goldens stay
// readable. The package knows no clock, no network and no key; package seal signs what is written
// here, package link carries it.
//
// Units: times are UTC with milliseconds, uptimes are CLOCK_BOOTTIME milliseconds of the boot that
// is named beside them, scores are 1 to 5 with 5 best.
package wire

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"
)

// MaxRecord is the largest record line in bytes, signature included and newline excluded.
const MaxRecord = 4096

// MaxMessage is the largest status, heartbeat, receipt or command in bytes.
const MaxMessage = 8192

// Instant is a point in time as it is written on the wire: RFC 3339, UTC, always three decimals.
type Instant struct{ time.Time }

// At rounds t down to the millisecond, the wire's resolution.
func At(t time.Time) Instant { return Instant{t.UTC().Truncate(time.Millisecond)} }

const instantLayout = "2006-01-02T15:04:05.000Z"

// MarshalText writes the instant as 2026-11-23T02:11:09.120Z.
func (i Instant) MarshalText() ([]byte, error) {
	return []byte(i.UTC().Format(instantLayout)), nil
}

// UnmarshalText reads any RFC 3339 time and keeps its milliseconds.
func (i *Instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("read time %.40q: want RFC 3339, as 2026-11-23T02:11:09.120Z", text)
	}
	*i = At(t)
	return nil
}

// MarshalJSON writes the text form; it hides time.Time's own, which drops trailing zeros.
func (i Instant) MarshalJSON() ([]byte, error) {
	return []byte(`"` + i.UTC().Format(instantLayout) + `"`), nil
}

// UnmarshalJSON reads the text form.
func (i *Instant) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("read time %.40q: want a string", b)
	}
	return i.UnmarshalText(b[1 : len(b)-1])
}

// Epoch names one life of one outbox file: 8 random bytes as 16 hexadecimal digits.
type Epoch string

// Valid reports whether e is 16 lower-case hexadecimal digits.
func (e Epoch) Valid() bool { return isHex(string(e), 16) }

// KID names a public key: the first 8 bytes of its SHA-256 as 16 hexadecimal digits.
type KID string

// Valid reports whether k is 16 lower-case hexadecimal digits.
func (k KID) Valid() bool { return isHex(string(k), 16) }

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Hash is the SHA-256 of a record's body under the chain's tag; 64 hexadecimal digits as text.
// The zero Hash is what the first record of an epoch names as its predecessor.
type Hash [32]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes 64 lower-case hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if !isHex(string(text), 64) {
		return fmt.Errorf("read hash %.70q: want 64 hexadecimal digits", text)
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// PublicKey is an Ed25519 public key; unpadded base64url as text.
type PublicKey [32]byte

func (k PublicKey) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// IsZero reports whether the key was left out.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// MarshalText writes 43 characters of base64url.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads 43 characters of base64url.
func (k *PublicKey) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(k) {
		return fmt.Errorf("read public key %.60q: want 43 characters of base64url", text)
	}
	copy(k[:], b)
	return nil
}

// Signature is an Ed25519 signature; unpadded base64url as text.
type Signature [64]byte

func (s Signature) String() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

// MarshalText writes 86 characters of base64url.
func (s Signature) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads 86 characters of base64url.
func (s *Signature) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(s) {
		return fmt.Errorf("read signature %.90q: want 86 characters of base64url", text)
	}
	copy(s[:], b)
	return nil
}
