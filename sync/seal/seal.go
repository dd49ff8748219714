// Package seal makes records and messages tamper-evident: every record names the hash of the one
// before it and carries an Ed25519 signature (RFC 8032) as its last member.
//
// The body of a line is the line without that member and without newline. Nobody writes a body
// twice: what was signed is what is sent, stored, hashed and checked. Each use has a tag of its
// own, so that a signature over one can never pass for another.
package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"evalpad/sync/wire"
)

// Tag keeps the signatures of different uses apart.
type Tag string

// The tags. They end in a zero byte, which no body contains.
const (
	TagRecord       Tag = "evalpad/v1/record\x00"
	TagStatus       Tag = "evalpad/v1/status\x00"
	TagHeartbeat    Tag = "evalpad/v1/heartbeat\x00"
	TagReceipt      Tag = "evalpad/v1/receipt\x00"
	TagCommand      Tag = "evalpad/v1/command\x00"
	TagHeadquarters Tag = "evalpad/v1/headquarters\x00"
	tagMandate      Tag = "evalpad/v1/mandate\x00"
	tagChain        Tag = "evalpad/v1/chain\x00"
)

// Errors that a caller branches on.
var (
	// ErrUnsigned is returned for a line whose last member is not a signature.
	ErrUnsigned = errors.New("the signature is not the last member")
	// ErrForged is returned for a signature that does not verify under the key.
	ErrForged = errors.New("the signature does not verify")
	// ErrMandate is returned for an inspector's key that the pinned root has not signed.
	ErrMandate = errors.New("not signed by headquarters' root key")
)

const (
	sigOpen = `,"sig":"`
	sigLen  = 86 // unpadded base64url of 64 bytes
	sigTail = len(sigOpen) + sigLen + len(`"}`)
)

// Sign appends the signature over body under tag; body must be a JSON object with a member.
func Sign(key Key, tag Tag, body []byte) []byte {
	sig := wire.Signature(ed25519.Sign(key.private, tagged(tag, body)))
	line := make([]byte, 0, len(body)+sigTail)
	line = append(line, body[:len(body)-1]...)
	line = append(line, sigOpen...)
	line = append(line, sig.String()...)
	return append(line, `"}`...)
}

// Record seals a record's body and returns its line and its hash.
func Record(key Key, body []byte) ([]byte, wire.Hash) {
	return Sign(key, TagRecord, body), Hash(body)
}

// Hash is the chain hash of a record's body.
func Hash(body []byte) wire.Hash { return sha256.Sum256(tagged(tagChain, body)) }

// HashOf is the chain hash of a record's line.
func HashOf(line []byte) (wire.Hash, error) {
	body, _, err := Split(line)
	if err != nil {
		return wire.Hash{}, err
	}
	return Hash(body), nil
}

// Split cuts a line into body and signature.
func Split(line []byte) (body []byte, sig wire.Signature, err error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	cut := len(line) - sigTail
	if cut < 1 || !bytes.HasPrefix(line[cut:], []byte(sigOpen)) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return nil, sig, ErrUnsigned
	}
	text := line[cut+len(sigOpen) : len(line)-2]
	if err := sig.UnmarshalText(text); err != nil {
		return nil, sig, fmt.Errorf("%w: %w", ErrUnsigned, err)
	}
	body = make([]byte, cut, cut+1)
	copy(body, line)
	return append(body, '}'), sig, nil
}

// Check verifies a line under one public key and tag. It returns ErrUnsigned or ErrForged.
func Check(key wire.PublicKey, tag Tag, line []byte) error {
	body, sig, err := Split(line)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key[:], tagged(tag, body), sig[:]) {
		return ErrForged
	}
	return nil
}

// KIDOf names a public key.
func KIDOf(key wire.PublicKey) wire.KID {
	sum := sha256.Sum256(key[:])
	return wire.KID(fmt.Sprintf("%x", sum[:8]))
}

// Mandate makes an inspector's mandate: root's signature over the inspector's public key.
func Mandate(root Key, inspector wire.PublicKey) wire.Mandate {
	sig := ed25519.Sign(root.private, tagged(tagMandate, inspector[:]))
	return wire.Mandate{Key: inspector, Root: root.Public(), Cert: wire.Signature(sig)}
}

// CheckMandate verifies that root, which the caller has pinned, has signed the inspector's key.
func CheckMandate(root wire.PublicKey, m wire.Mandate) error {
	if m.Root != root || !ed25519.Verify(root[:], tagged(tagMandate, m.Key[:]), m.Cert[:]) {
		return ErrMandate
	}
	return nil
}

func tagged(tag Tag, body []byte) []byte {
	b := make([]byte, 0, len(tag)+len(body))
	return append(append(b, tag...), body...)
}
