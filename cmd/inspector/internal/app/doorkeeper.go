package app

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"evalpad/sync/wire"
)

// Subscriber is the organizational unit of a certificate that may read every topic and publish
// nothing. Any other certificate is a device's: its common name is the device.
const Subscriber = "subscriber"

// doorkeeper says who may do what on the built-in broker. Who comes without a certificate, from
// within or on loopback, may do everything: nothing is believed without a signature anyway. Who
// comes with one is held to its own topics, so that no box reads another's tickets.
type doorkeeper struct {
	mqtt.HookBase
	topics wire.Topics
}

// ID names the hook.
func (*doorkeeper) ID() string { return "doorkeeper" }

// Provides tells mochi what to ask.
func (*doorkeeper) Provides(b byte) bool {
	return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck
}

// OnConnectAuthenticate holds a certificate to a client id of its own, since a second client with
// the same id throws the first one out, and to a will that it may publish.
func (d *doorkeeper) OnConnectAuthenticate(cl *mqtt.Client, p packets.Packet) bool {
	cert := certificate(cl)
	if cert == nil {
		return true
	}
	name, id := cert.Subject.CommonName, p.Connect.ClientIdentifier
	if name == "" || id != name && !strings.HasPrefix(id, name+".") {
		return false
	}
	return !p.Connect.WillFlag || d.mayPublish(cert, p.Connect.WillTopic)
}

// OnACLCheck answers for publishing, for subscribing to a filter, and for each message delivered.
func (d *doorkeeper) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	cert := certificate(cl)
	switch {
	case cert == nil:
		return true
	case write:
		return d.mayPublish(cert, topic)
	}
	return isSubscriber(cert) || topic == d.topics.Headquarters() ||
		d.own(cert, topic, wire.KindReceipt, wire.KindCommand, wire.KindStatus)
}

func (d *doorkeeper) mayPublish(cert *x509.Certificate, topic string) bool {
	return !isSubscriber(cert) && d.own(cert, topic,
		wire.KindAlert, wire.KindEvaluation, wire.KindAnswer, wire.KindEvent, wire.KindStatus, wire.KindHeartbeat)
}

// own reports whether the topic is the certificate's device's and of one of the kinds. Region and
// branch are free: a box may be moved.
func (d *doorkeeper) own(cert *x509.Certificate, topic string, kinds ...wire.Kind) bool {
	place, kind, err := d.topics.Parse(topic)
	return err == nil && place.Device == cert.Subject.CommonName && slices.Contains(kinds, kind)
}

func isSubscriber(cert *x509.Certificate) bool {
	return slices.Contains(cert.Subject.OrganizationalUnit, Subscriber)
}

// certificate is what a client has shown, nil if it need not show any.
func certificate(cl *mqtt.Client) *x509.Certificate {
	conn, ok := cl.Net.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	shown := conn.ConnectionState().PeerCertificates
	if len(shown) == 0 {
		return &x509.Certificate{} // cannot be: the listener requires one; then it may do nothing
	}
	return shown[0]
}
