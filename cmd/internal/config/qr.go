package config

import (
	"net/url"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// qrRoom is how many bytes the address of the bank's page and the counter's name may have together. With
// the signed token that follows them, the code then holds 120 bytes: 41 modules a side at most, which an
// old phone reads from a panel of 7 inches.
const qrRoom = 31

// pageAddress reads the address to which a customer's phone goes. Nothing may follow its path, since the
// token does.
func pageAddress(to *string) shape {
	const want = "the address of the bank's page, as https://rate.bank.example/r"
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		u, err := url.Parse(n.Value)
		switch {
		case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || !isVisible(n.Value):
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
		case u.User != nil:
			s.fault(n, "%s: no name and no password here: everybody in the hall can read the code", called(way))
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			s.fault(n, "%s %s is not encrypted: write https://", called(way), quote(n.Value))
		case strings.ContainsAny(n.Value, "?#"):
			s.fault(n, "%s %s: nothing may follow the path, where the token goes: write %s", called(way), quote(n.Value), want)
		default:
			*to = n.Value
		}
	}
}

// isVisible holds for letters, digits and signs of ASCII: a code spells anything else in several bytes.
func isVisible(v string) bool {
	return !strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' })
}

// qrRules wants a screen to show the code on, and a code that can be read.
func qrRules(s *sheet, p *Pad) {
	const way = "qr/address"
	switch {
	case !s.has("qr") || s.wrong("qr"):
		return
	case !s.has(way):
		s.faultOf("qr", "qr without address: write qr: {address: https://rate.bank.example/r}, or remove it")
		return
	case p.Screen.Listen == "":
		s.faultOf(way, "the code is shown on the screen, and the screen is off: remove qr, or write screen: {listen: 127.0.0.1:8090}")
	}
	for _, c := range p.Counters {
		if over := len(p.QR) + len(c.Counter) - qrRoom; c.Screen && over > 0 {
			s.faultOf(way, "address and %s have %d bytes together, and the code has room for %d: write an address of at most %d",
				nameOf(c), len(p.QR)+len(c.Counter), qrRoom, max(0, qrRoom-len(c.Counter)))
		}
	}
}

// QRDesk is where the bank's front end brings what customers say on their phones. Listen and TokenFile
// are required, TLS too where other machines can reach Listen.
type QRDesk struct {
	Listen    string // host:port
	TLS       *TLS
	TokenFile string        // absolute path
	GoodFor   time.Duration // how long a code is good from its making: 10 min to 7 days, default 24 h
}

func qrDeskShape(to **QRDesk) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		d := &QRDesk{GoodFor: 24 * time.Hour}
		*to = d
		mapping(
			key{"listen", listen(&d.Listen)},
			key{"tls", tlsShape(&d.TLS, false)},
			key{"token_file", path(&d.TokenFile)},
			key{"good_for", span(&d.GoodFor, "10m", "7d")},
		)(s, way, n)
	}
}

// qrDeskRules wants every part: half a lock is none.
func qrDeskRules(s *sheet, d *QRDesk) {
	const way = "qr"
	const sample = "qr: {listen: 127.0.0.1:8082, token_file: qr.token}"
	if d == nil || s.wrong(way) {
		return
	}
	for _, part := range []struct{ name, why string }{
		{"listen", "nothing would listen"},
		{"token_file", "anybody could rate in a customer's name"},
	} {
		if !s.has(under(way, part.name)) {
			s.faultOf(way, "qr without %s, and %s: write %s", part.name, part.why, sample)
		}
	}
	tlsRules(s, way, "{cert: …, key: …}", d.Listen, d.TLS)
}
