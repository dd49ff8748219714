package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/link"
	"evalpad/sync/wire"
)

// Options of an inspector. DataDir is required.
type Options struct {
	DataDir   string
	Broker    Broker
	TopicRoot wire.Topics     // default evalpad/v1
	Clocks    casebook.Clocks // default 2 h and 24 h
	Web       Web
	// Outside says where the rules of a counter lie outside the bank's template; nil compares nothing.
	Outside func(wire.CounterRules) []string
	// Board makes the handler for web and socket; nil serves neither.
	Board func(Deps) http.Handler
	QR    Web // Listen "" is off
	// QRDesk makes the handler for QR; nil is off.
	QRDesk    func(Deps) (http.Handler, error)
	PollEvery time.Duration    // how often deadlines are looked at; default 1 s
	Now       func() time.Time // default time.Now
	Log       *slog.Logger     // nil discards

	// DialBroker replaces the network on the way to Broker.URL, for a test in a bubble.
	DialBroker func(ctx context.Context) (net.Conn, error)
	// NoSocket leaves the socket out: a bubble's clock stands still while a socket is waited for.
	NoSocket bool
}

// Broker says where the messages are: with a URL at an outside broker, else at the built-in one.
type Broker struct {
	// Listen is the built-in broker's address; "" leaves it to this process (App.DialBroker). Off
	// loopback it needs Cert, Key and ClientCA.
	Listen   string
	ClientCA string // whose clients may come to Listen; each then has its own topics only

	// URL is an outside broker, as mqtts://mqtt.bank.example:8883, trusted by CA.
	URL      string
	ClientID string // there; default inspector-1
	CA       string

	Cert, Key string // the listener's, or those we show to an outside broker
	// QueueBudget bounds the windows granted, in records: half of what the outside broker queues for
	// one subscriber. Default 500, half of a stock mosquitto's.
	QueueBudget int
}

// Web says where the pages are served. Off loopback it needs a certificate.
type Web struct {
	Listen    string // "" serves the socket only
	Cert, Key string
}

func (o *Options) complete() error {
	if o.DataDir == "" {
		return errors.New("data_dir is missing")
	}
	if o.TopicRoot == "" {
		o.TopicRoot = "evalpad/v1"
	}
	if o.Clocks == (casebook.Clocks{}) {
		o.Clocks = casebook.DefaultClocks()
	}
	if o.PollEvery == 0 {
		o.PollEvery = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o.validate()
}

func (o *Options) validate() error {
	if err := o.Clocks.Validate(); err != nil {
		return err
	}
	if o.PollEvery < 0 {
		return fmt.Errorf("poll every %v: want more than zero", o.PollEvery)
	}
	if o.Web.Listen != "" && !onLoopback(o.Web.Listen) && o.Web.Cert == "" {
		return fmt.Errorf("web.listen %s: off loopback it needs tls with cert and key", o.Web.Listen)
	}
	if o.QR.Listen != "" && !onLoopback(o.QR.Listen) && o.QR.Cert == "" {
		return fmt.Errorf("qr.listen %s: off loopback it needs tls with cert and key", o.QR.Listen)
	}
	return o.Broker.validate()
}

func (b Broker) validate() error {
	switch {
	case b.URL != "" && b.Listen != "":
		return errors.New("broker: want either listen or url, not both")
	case b.URL != "":
		_, err := link.ParseBroker(b.URL)
		return err
	case b.Listen == "" || onLoopback(b.Listen):
		return nil
	case b.Cert == "" || b.Key == "":
		return fmt.Errorf("broker.listen %s: off loopback it needs tls with cert, key and client_ca", b.Listen)
	case b.ClientCA == "":
		return fmt.Errorf("broker.listen %s: off loopback it needs client_ca, or anybody could read every ticket", b.Listen)
	}
	return nil
}

// onLoopback reports whether only this machine can reach the address.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// outside is how to reach the broker at URL.
func (o *Options) outside() (link.Options, error) {
	b := o.Broker
	lo := link.Options{Broker: b.URL, ClientID: b.ClientID, Dial: o.DialBroker}
	if b.CA == "" && b.Cert == "" {
		return lo, nil
	}
	lo.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	if b.CA != "" {
		pool, err := authorities(b.CA)
		if err != nil {
			return lo, err
		}
		lo.TLS.RootCAs = pool
	}
	if b.Cert != "" {
		pair, err := tls.LoadX509KeyPair(b.Cert, b.Key)
		if err != nil {
			return lo, fmt.Errorf("read certificate: %w", err)
		}
		lo.TLS.Certificates = []tls.Certificate{pair}
	}
	return lo, nil
}

// authorities reads the certificates of those who may sign others.
func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read authorities %s: no certificate in it", file)
	}
	return pool, nil
}
