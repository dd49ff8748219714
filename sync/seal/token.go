package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"evalpad/sync/wire"
)

// TagToken is the tag of a token's signature.
const TagToken Tag = "evalpad/v1/qr\x00"

// ErrToken is returned for a text that is no token.
var ErrToken = errors.New("not a token")

// Token is the right to rate one transaction once more, on the customer's own phone. The box shows it as
// part of a code that anybody in the hall can read: it names the box's key, the counter and the
// evaluation, and nothing of the customer, the teller or the ticket.
//
// A box may have no clock, so a token says when it was made by boot and uptime; headquarters reckons from
// its anchors when that was, and how old the token is.
//
// In bytes: version 1 | first 4 of the key's SHA-256 | first 4 of the boot id's SHA-256 | uptime in whole
// minutes, 3 | evaluation, 8 | counter, 1 to 40 | signature, 64. The signature is Ed25519 (RFC 8032) over
// tag, everything before it, and the device's name, which is not sent: the key leads to it.
//
// As text it is that number in decimal digits, with zeros in front up to the length that the number of
// bytes gives. A QR code packs three digits in ten bits (ISO/IEC 18004, 7.4.3), so that digits cost a
// third of a percent over bytes and base64url a third.
type Token struct {
	Counter    string
	Evaluation string        // id, 16 hexadecimal digits
	Made       time.Duration // uptime, in whole minutes, rounded down

	key, boot [4]byte
	body, sig []byte
}

const (
	tokenVersion = 1
	tokenHead    = 1 + 4 + 4 + 3 + 8
	tokenTail    = ed25519.SignatureSize
	maxCounter   = 40
	maxMinutes   = 1<<24 - 1 // 31 years
)

// SealToken makes the token of an evaluation that the box of that name began at the stamp's moment.
func SealToken(key Key, device, counter, evaluation string, at wire.Stamp) (string, error) {
	id, err := hex.DecodeString(evaluation)
	minutes := at.UptimeMS / time.Minute.Milliseconds()
	switch {
	case err != nil || len(id) != 8:
		return "", fmt.Errorf("seal token: evaluation %.40q: want 16 hexadecimal digits", evaluation)
	case !wire.ValidLevel(counter):
		return "", fmt.Errorf("seal token: counter %.40q: want 1 to %d of a-z, 0-9 and hyphen", counter, maxCounter)
	case minutes < 0 || minutes > maxMinutes:
		return "", fmt.Errorf("seal token: uptime %d ms: want 0 to 31 years", at.UptimeMS)
	}
	public := key.Public()
	k, b := sha256.Sum256(public[:]), sha256.Sum256([]byte(at.Boot))
	body := append([]byte{tokenVersion}, k[:4]...)
	body = append(body, b[:4]...)
	body = append(body, binary.BigEndian.AppendUint32(nil, uint32(minutes))[1:]...)
	body = append(append(body, id...), counter...)
	return digitsOf(append(body, ed25519.Sign(key.private, ofDevice(body, device))...)), nil
}

// ReadToken reads a token without believing it; see Check. It returns ErrToken, wrapped. One token has
// one text.
func ReadToken(text string) (Token, error) {
	b, err := bytesOf(text)
	if err != nil {
		return Token{}, err
	}
	body := b[:len(b)-tokenTail]
	t := Token{
		Counter: string(body[tokenHead:]), Evaluation: hex.EncodeToString(body[12:tokenHead]),
		Made: time.Duration(binary.BigEndian.Uint32(append([]byte{0}, body[9:12]...))) * time.Minute,
		key:  [4]byte(body[1:5]), boot: [4]byte(body[5:9]), body: body, sig: b[len(body):],
	}
	switch {
	case body[0] != tokenVersion:
		return Token{}, fmt.Errorf("read token: %w of this version: its first byte is %d", ErrToken, body[0])
	case !wire.ValidLevel(t.Counter):
		return Token{}, fmt.Errorf("read token: %w: no counter in it", ErrToken)
	}
	return t, nil
}

// KeyPrefix is how the name of the key begins under which the token is said to verify: 8 of 16 digits.
func (t Token) KeyPrefix() string { return hex.EncodeToString(t.key[:]) }

// InBoot reports whether the token was made in the boot of that id.
func (t Token) InBoot(boot string) bool {
	sum := sha256.Sum256([]byte(boot))
	return [4]byte(sum[:4]) == t.boot
}

// Check verifies the token under a key of a device. It returns ErrForged.
func (t Token) Check(key wire.PublicKey, device string) error {
	if !ed25519.Verify(key[:], ofDevice(t.body, device), t.sig) {
		return ErrForged
	}
	return nil
}

func ofDevice(body []byte, device string) []byte { return append(tagged(TagToken, body), device...) }

// digits is how many of them a number of so many bytes has.
func digits(bytes int) int {
	most := new(big.Int).Lsh(big.NewInt(1), uint(8*bytes))
	return len(most.Sub(most, big.NewInt(1)).String())
}

func digitsOf(b []byte) string {
	text := new(big.Int).SetBytes(b).String()
	return strings.Repeat("0", digits(len(b))-len(text)) + text
}

// bytesOf finds the number of bytes by the number of digits: each byte more has two or three more.
func bytesOf(text string) ([]byte, error) {
	for n := tokenHead + 1 + tokenTail; n <= tokenHead+maxCounter+tokenTail; n++ {
		if digits(n) != len(text) {
			continue
		}
		number, ok := new(big.Int).SetString(text, 10)
		if !ok || number.Sign() < 0 || text[0] == '+' || number.BitLen() > 8*n {
			break
		}
		return number.FillBytes(make([]byte, n)), nil
	}
	return nil, fmt.Errorf("read token: %w: %d characters, want decimal digits as the box shows them", ErrToken, len(text))
}
