package config

import (
	"errors"
	"net/netip"
	"strings"

	"go.yaml.in/yaml/v4"
)

// CounterDesk is the prompt API for the counter's own program, and the teller's page. All of it is
// required but TLS, and that too where other machines can reach Listen.
type CounterDesk struct {
	Listen    string // host:port
	TLS       *TLS
	Allow     []netip.Prefix // whose connections are taken; none wider than /16, or /48 in IPv6
	TokenFile string         // absolute path
}

// deskSample is what to write where a part is missing.
const deskSample = "counter_desk: {listen: 192.168.1.20:8443, tls: {cert: desk.pem, key: desk.key}, allow: [192.168.1.31], token_file: desk.token}"

// counterDeskShape makes the CounterDesk where the file has one.
func counterDeskShape(to **CounterDesk) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		d := &CounterDesk{}
		*to = d
		mapping(
			key{"listen", listen(&d.Listen)},
			key{"tls", tlsShape(&d.TLS, false)},
			key{"allow", list("addresses, as [192.168.1.31]", func() shape {
				d.Allow = append(d.Allow, netip.Prefix{})
				return allowed(&d.Allow[len(d.Allow)-1])
			})},
			key{"token_file", path(&d.TokenFile)},
		)(s, way, n)
	}
}

// The widest network that allow takes: a branch's own, never everybody.
const (
	widest4 = 16
	widest6 = 48
)

// allowed reads an address, or a network as 192.168.1.0/28.
func allowed(to *netip.Prefix) shape {
	const want = "an address, or a network, as 192.168.1.31 or 192.168.1.0/28"
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		p, err := prefixOf(n.Value)
		switch {
		case err != nil:
			s.fault(n, "%s %s: write %s", called(way), quote(n.Value), want)
		case p.Addr().Is4() && p.Bits() < widest4 || p.Addr().Is6() && p.Bits() < widest6:
			s.fault(n, "%s %s lets in too many: write the addresses of the tellers' machines, or a network of /%d (IPv6: /%d) or narrower",
				called(way), quote(n.Value), widest4, widest6)
		case p != p.Masked():
			s.fault(n, "%s %s is an address within a network: write %s, or %s alone", called(way), quote(n.Value), p.Masked(), p.Addr())
		default:
			*to = p
		}
	}
}

var errAddress = errors.New("not an address that is written here")

// prefixOf reads an address as the network of itself. A zone names a cable of this box, and an IPv4
// address in IPv6 is a second name: neither is written here.
func prefixOf(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text) // takes no zone
	if !strings.ContainsRune(text, '/') {
		var a netip.Addr
		a, err = netip.ParseAddr(text)
		p = netip.PrefixFrom(a, a.BitLen())
		if a.Zone() != "" {
			return p, errAddress
		}
	}
	if err == nil && p.Addr().Is4In6() {
		return p, errAddress
	}
	return p, err
}

// counterDeskRules wants every part: half a lock is none.
func counterDeskRules(s *sheet, d *CounterDesk) {
	const way = "counter_desk"
	if d == nil || s.wrong(way) {
		return
	}
	for _, part := range []struct{ name, why string }{
		{"listen", "nothing would listen"},
		{"allow", "nobody may come"},
		{"token_file", "anybody at an allowed address could prompt"},
	} {
		if !s.has(under(way, part.name)) {
			s.faultOf(way, "counter_desk without %s, and %s: write %s", part.name, part.why, deskSample)
		}
	}
	if at := under(way, "allow"); s.has(at) && !s.wrong(at) && len(d.Allow) == 0 {
		s.faultOf(at, "allow is empty, and nobody may come: write allow: [192.168.1.31]")
	}
	tlsRules(s, way, "{cert: desk.pem, key: desk.key}", d.Listen, d.TLS)
}
