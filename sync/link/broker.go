package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Broker is where a broker listens, as read from its URL.
type Broker struct {
	Host string // name or address, without brackets
	Port int
	TLS  bool
	user *url.Userinfo
}

// ParseBroker reads mqtt://host:1883 or mqtts://host:8883; tcp and ssl are taken as synonyms, the
// ports may be left out, and user:password@ may stand before the host. The error says what to
// write instead.
func ParseBroker(s string) (Broker, error) {
	const want = "want mqtt://host:1883 or mqtts://host:8883"
	scheme, _, found := strings.Cut(s, "://")
	if !found {
		return Broker{}, fmt.Errorf("broker %q: %s", s[strings.LastIndex(s, "@")+1:], want)
	}
	u, err := url.Parse(s)
	if err != nil { // url.Error repeats the address, password and all
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return Broker{}, fmt.Errorf("broker with scheme %.20q: %w: %s", scheme, err, want)
	}
	b := Broker{Host: u.Hostname(), user: u.User}
	switch u.Scheme {
	case "mqtt", "tcp":
		b.Port = 1883
	case "mqtts", "ssl":
		b.Port, b.TLS = 8883, true
	default:
		return Broker{}, fmt.Errorf("broker %q: scheme %q is not MQTT: %s", u.Redacted(), u.Scheme, want)
	}
	return b, b.complete(u, want)
}

func (b *Broker) complete(u *url.URL, want string) error {
	if b.Host == "" {
		return fmt.Errorf("broker %q: no host: %s", u.Redacted(), want)
	}
	if strings.Contains(b.Host, ":") && !strings.HasPrefix(u.Host, "[") {
		return fmt.Errorf("broker %q: more than one port: %s", u.Redacted(), want)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("broker %q: nothing may follow the port: %s", u.Redacted(), want)
	}
	if u.Port() == "" {
		return nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("broker %q: port %s: want 1 to 65535", u.Redacted(), u.Port())
	}
	b.Port = int(port)
	return nil
}

// Address is the broker as host:port.
func (b Broker) Address() string { return net.JoinHostPort(b.Host, strconv.Itoa(b.Port)) }

// String is the broker's URL without user and password.
func (b Broker) String() string {
	if b.TLS {
		return "mqtts://" + b.Address()
	}
	return "mqtt://" + b.Address()
}

// url is the broker for paho, which takes user and password from it.
func (b Broker) url() string {
	u := url.URL{Scheme: "mqtt", Host: b.Address(), User: b.user}
	return u.String()
}

// userTimeout is how long data that was sent may stay unacknowledged by the peer's TCP, and how
// long an idle peer may leave probes unanswered. Linux alone would go on for a quarter of an hour.
const userTimeout = 12 * time.Second

// dial opens TCP, and TLS for mqtts. A quiet line is probed after 10 s, so that one that is only
// half there is given up within 15 s, whatever the keep-alive.
func (b Broker) dial(ctx context.Context, config *tls.Config) (net.Conn, error) {
	dialer := net.Dialer{
		Control:         setUserTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3},
	}
	conn, err := dialer.DialContext(ctx, "tcp", b.Address())
	if err != nil || !b.TLS {
		return conn, err
	}
	secure := tls.Client(conn, b.secured(config))
	err = secure.HandshakeContext(ctx)
	if err == nil {
		return secure, nil
	}
	conn.Close()
	if errors.Is(err, io.EOF) { // a broker that takes a ClientHello for a bad packet
		err = fmt.Errorf("within the TLS handshake, as one would that has no TLS on this port: %w", err)
	}
	return nil, err
}

func (b Broker) secured(config *tls.Config) *tls.Config {
	c := &tls.Config{}
	if config != nil {
		c = config.Clone()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS13)
	if c.ServerName == "" {
		c.ServerName = b.Host
	}
	return c
}
