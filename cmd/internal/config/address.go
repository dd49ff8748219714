package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// listen reads host:port to listen on; port 0 takes a free one, an empty host all interfaces.
func listen(to *string) shape {
	return word(to, "host:port, as 127.0.0.1:8080", isAddress)
}

// listenOrOff is listen where "" turns the listener off.
func listenOrOff(to *string) shape {
	return word(to, `host:port, as 127.0.0.1:8090, or "" to turn it off`, func(v string) bool {
		return v == "" || isAddress(v)
	})
}

func isAddress(v string) bool {
	host, port, err := net.SplitHostPort(v)
	if err != nil || strings.ContainsAny(host, " /\x00") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// OnLoopback reports whether host:port can be reached from this machine only.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// brokerSchemes are the ways to a broker, with their usual ports.
var brokerSchemes = map[string]string{"mqtt": "1883", "mqtts": "8883"}

// broker reads a broker's URL. MQTT in the clear is for this machine only. A name or password in
// the URL is refused, and never repeated: boxes and inspectors show a certificate.
func broker(to *string) shape {
	const want = "mqtts://host:port, or mqtt://127.0.0.1:port"
	return func(s *sheet, way string, n *yaml.Node) {
		if !s.is(way, n, yaml.ScalarNode, want) {
			return
		}
		u, err := url.Parse(n.Value)
		switch {
		case err != nil || u.Opaque != "" || u.Hostname() == "" || brokerSchemes[u.Scheme] == "" || !hasGoodPort(u):
			s.fault(n, "%s: not the URL of a broker: write %s", called(way), want)
		case u.User != nil:
			s.fault(n, "%s: no name and no password here: write cert: and key: instead", called(way))
		case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
			s.fault(n, "%s: nothing may follow the port: write %s", called(way), want)
		case u.Scheme == "mqtt" && !isLoopback(u.Hostname()):
			s.fault(n, "%s: mqtt:// is not encrypted and %s is another machine: write mqtts://", called(way), quote(u.Hostname()))
		default:
			*to = u.Scheme + "://" + net.JoinHostPort(u.Hostname(), portOf(u))
		}
	}
}

func hasGoodPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

func portOf(u *url.URL) string {
	if u.Port() != "" {
		return u.Port()
	}
	return brokerSchemes[u.Scheme]
}

// isLocalBroker reports whether a broker's URL that was read names this machine.
func isLocalBroker(broker string) bool {
	u, err := url.Parse(broker)
	return err == nil && isLoopback(u.Hostname())
}

// isStore holds for sqlite and for the URL of a PostgreSQL database.
func isStore(v string) bool {
	if v == "sqlite" {
		return true
	}
	u, err := url.Parse(v)
	return err == nil && slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) && u.Opaque == ""
}
