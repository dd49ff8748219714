package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"evalpad/cmd/inspector/internal/app"
	"evalpad/sync/link"
	"evalpad/sync/wire"
)

// TestDoorkeeper holds those who come with a certificate to their own topics.
func TestDoorkeeper(t *testing.T) {
	ca := newAuthority(t)
	a, end := begin(t, app.Options{Broker: app.Broker{
		Listen: "127.0.0.1:0", Cert: ca.file("cert.pem"), Key: ca.file("key.pem"), ClientCA: ca.file("ca.pem"),
	}})
	defer end()
	way := func(id, name, unit string) link.Options {
		o := link.Options{Broker: a.Addrs().Broker, ClientID: id, TLS: &tls.Config{RootCAs: ca.pool}}
		if name != "" {
			o.TLS.Certificates = []tls.Certificate{ca.issue(name, unit)}
		}
		return o
	}
	of := func(device string, k wire.Kind) string {
		return root.Of(wire.Place{Region: "r11", Branch: "b0731", Device: device}, k)
	}
	t.Run("a device has its own topics", func(t *testing.T) {
		s := connect(t, way("pad-1", "pad-1", ""))
		if err := s.Subscribe(t.Context(), of("pad-1", wire.KindReceipt), of("pad-1", wire.KindCommand), of("pad-1", wire.KindStatus), root.Headquarters()); err != nil {
			t.Errorf("its own: %v", err)
		}
		for _, filter := range []string{of("pad-2", wire.KindReceipt), root.Every(wire.KindAlert), of("pad-1", wire.KindAlert), "#"} {
			if err := s.Subscribe(t.Context(), filter); !errors.Is(err, link.ErrSubscribeRefused) {
				t.Errorf("%s: got %v, want %v", filter, err, link.ErrSubscribeRefused)
			}
		}
		if err := publish(s, of("pad-1", wire.KindStatus)); err != nil {
			t.Errorf("publish its own status: %v", err)
		}
		if err := publish(s, of("pad-2", wire.KindStatus)); err == nil {
			t.Error("publish another's status: got no error")
		}
	})
	t.Run("a device may not speak for headquarters", func(t *testing.T) {
		for _, topic := range []string{of("pad-1", wire.KindReceipt), of("pad-1", wire.KindCommand), root.Headquarters()} {
			if err := publish(connect(t, way("pad-1", "pad-1", "")), topic); err == nil {
				t.Errorf("publish to %s: got no error", topic)
			}
		}
	})
	t.Run("a subscriber reads and is silent", func(t *testing.T) {
		s := connect(t, way("watch.1", "watch", app.Subscriber))
		if err := s.Subscribe(t.Context(), root.Every(wire.KindAlert)); err != nil {
			t.Fatal(err)
		}
		box := connect(t, way("pad-3", "pad-3", ""))
		if err := publish(box, of("pad-3", wire.KindAlert)); err != nil {
			t.Fatal(err)
		}
		select {
		case m := <-s.Incoming():
			if m.Topic != of("pad-3", wire.KindAlert) {
				t.Errorf("got %s, want the alert", m.Topic)
			}
		case <-time.After(5 * time.Second):
			t.Error("no alert came in 5 s")
		}
		if err := publish(s, of("watch", wire.KindAlert)); err == nil {
			t.Error("publish: got no error")
		}
	})
	t.Run("who is turned away", func(t *testing.T) {
		will := way("pad-1", "pad-1", "")
		will.Will = &link.Message{Topic: of("pad-2", wire.KindStatus), Payload: []byte("{}"), QoS: 1, Retain: true}
		stranger := newAuthority(t)
		foreign := way("pad-1", "", "")
		foreign.TLS.Certificates = []tls.Certificate{stranger.issue("pad-1", "")}
		for name, o := range map[string]link.Options{
			"another's client id": way("pad-2", "pad-1", ""),
			"a longer client id":  way("pad-1-2", "pad-1", ""),
			"another's will":      will,
			"no certificate":      way("pad-1", "", ""),
			"another authority's": foreign,
		} {
			if s, err := link.Connect(t.Context(), o); err == nil {
				t.Errorf("%s: got in", name)
				s.Close(t.Context())
			}
		}
	})
}

// publish is nil only if the broker took the message and let the session live.
func publish(s *link.Session, topic string) error {
	d, err := s.Publish(link.Message{Topic: topic, Payload: []byte("{}"), QoS: 1})
	if err != nil {
		return err
	}
	<-d.Done()
	return d.Err()
}

// authority signs certificates for one test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bank"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = template
	self := a.sign(template)
	a.cert, a.key = self.Leaf, self.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.cert)
	a.write("ca.pem", "CERTIFICATE", a.cert.Raw)
	server := a.issue("broker", "")
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	a.write("cert.pem", "CERTIFICATE", server.Certificate[0])
	a.write("key.pem", "PRIVATE KEY", key)
	return a
}

// sign signs with the authority's key, or with the new one while there is none.
func (a *authority) sign(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	by := a.key
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) issue(name, unit string) tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour),
		Subject:     pkix.Name{CommonName: name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if unit != "" {
		template.Subject.OrganizationalUnit = []string{unit}
	}
	return a.sign(template)
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}
