package config

import (
	"time"

	"go.yaml.in/yaml/v4"
)

// Inspector is what inspector.yaml says: headquarters' own service.
type Inspector struct {
	DataDir   string // absolute; default /var/lib/inspector
	Broker    Broker
	TopicRoot string // default evalpad/v1
	Store     string // sqlite (default, in DataDir) or the URL of a PostgreSQL database
	Web       Listener
	Enrol     Listener // Listen "" (default) is off
	QR        *QRDesk  // nil (default) is off
	Clocks    Clocks
	FollowUp  FollowUp
	Template  string // absolute path of the bank's template, or "": nothing is compared
}

// Broker is either built in, then Listen is set, or the bank's own, then URL is.
type Broker struct {
	Listen   string // host:port; default 127.0.0.1:1883 where no URL is given
	TLS      *TLS   // for Listen; required off this machine, with ClientCA
	URL      string // scheme://host:port with scheme mqtt (this machine only) or mqtts
	CA       string // absolute path, or ""; the rest is for URL too
	Cert     string
	Key      string
	ClientID string // default inspector-1
}

// TLS is a server's certificate. ClientCA, for the built-in broker only, is whose boxes may come.
type TLS struct {
	Cert, Key, ClientCA string // absolute paths
}

// Listener is where a page or service listens. TLS is required off this machine.
type Listener struct {
	Listen string
	TLS    *TLS
}

// Clocks are the two promises, both counted from the rating: 1 min to 30 days, the plan never due
// before the investigation; defaults 2 h and 24 h.
type Clocks struct{ InvestigateWithin, PlanWithin time.Duration }

// FollowUp is the part of customers who are called back: 0 to 1, default 0.30.
type FollowUp struct{ Share float64 }

// DefaultInspector is what a file that leaves every key out says.
func DefaultInspector() Inspector {
	return Inspector{
		DataDir:   "/var/lib/inspector",
		Broker:    Broker{Listen: "127.0.0.1:1883", ClientID: "inspector-1"},
		TopicRoot: "evalpad/v1",
		Store:     "sqlite",
		Web:       Listener{Listen: "127.0.0.1:8080"},
		Clocks:    Clocks{InvestigateWithin: 2 * time.Hour, PlanWithin: 24 * time.Hour},
		FollowUp:  FollowUp{Share: 0.30},
	}
}

func inspectorShape(i *Inspector) shape {
	b := &i.Broker
	return mapping(
		key{"data_dir", path(&i.DataDir)},
		key{"broker", mapping(
			key{"listen", listen(&b.Listen)},
			key{"tls", tlsShape(&b.TLS, true)},
			key{"url", broker(&b.URL)},
			key{"ca", path(&b.CA)},
			key{"cert", path(&b.Cert)},
			key{"key", path(&b.Key)},
			key{"client_id", level(&b.ClientID)},
		)},
		key{"topic_root", levels(&i.TopicRoot)},
		key{"store", secret(&i.Store, "sqlite, or postgres://…", isStore)},
		key{"web", listenerShape(&i.Web, listen)},
		key{"enrol", listenerShape(&i.Enrol, listenOrOff)},
		key{"qr", qrDeskShape(&i.QR)},
		key{"clocks", mapping(
			key{"investigate_within", span(&i.Clocks.InvestigateWithin, "1m", "30d")},
			key{"plan_within", span(&i.Clocks.PlanWithin, "1m", "30d")},
		)},
		key{"follow_up", mapping(key{"share", share(&i.FollowUp.Share)})},
		key{"template", path(&i.Template)},
	)
}

func listenerShape(l *Listener, listen func(*string) shape) shape {
	return mapping(key{"listen", listen(&l.Listen)}, key{"tls", tlsShape(&l.TLS, false)})
}

// tlsShape makes the TLS where the file has one; clients says whether it may ask for theirs.
func tlsShape(to **TLS, clients bool) shape {
	return func(s *sheet, way string, n *yaml.Node) {
		*to = &TLS{}
		keys := []key{{"cert", path(&(*to).Cert)}, {"key", path(&(*to).Key)}}
		if clients {
			keys = append(keys, key{"client_ca", path(&(*to).ClientCA)})
		}
		mapping(keys...)(s, way, n)
	}
}

// inspectorRules notes the faults that only show when keys are seen together.
func inspectorRules(s *sheet, i *Inspector) {
	brokerRules(s, &i.Broker)
	tlsRules(s, "broker", "{cert: …, key: …, client_ca: …}", i.Broker.Listen, i.Broker.TLS)
	tlsRules(s, "web", "{cert: …, key: …}", i.Web.Listen, i.Web.TLS)
	tlsRules(s, "enrol", "{cert: …, key: …}", i.Enrol.Listen, i.Enrol.TLS)
	clientRule(s, &i.Broker)
	qrDeskRules(s, i.QR)
	if c := i.Clocks; c.PlanWithin < c.InvestigateWithin {
		s.faultOf("clocks/plan_within", "the plan is due before the investigation begins: write a plan_within of at least investigate_within")
	}
}

// brokerRules keeps the two kinds of broker apart.
func brokerRules(s *sheet, b *Broker) {
	if !s.has("broker/url") {
		for _, name := range []string{"ca", "cert", "key", "client_id"} {
			if way := under("broker", name); s.has(way) {
				s.faultOf(way, "%s is for a broker of the bank's own: write url: beside it, or remove it", name)
			}
		}
		return
	}
	for _, name := range []string{"listen", "tls"} {
		if way := under("broker", name); s.has(way) {
			s.faultOf(way, "%s is for the built-in broker, and url is here too: keep one of them", name)
		}
	}
	certRules(s, "broker", b.Cert, b.Key)
	b.Listen = ""
}

// tlsRules refuses a listener that others can reach in the clear, and half a certificate; sample is
// the tls that such a listener wants.
func tlsRules(s *sheet, way, sample, listen string, tls *TLS) {
	switch {
	case tls == nil && listen != "" && !OnLoopback(listen):
		s.faultOf(under(way, "listen"), "listen %s can be reached from other machines: write tls: %s beside it, or 127.0.0.1",
			quote(listen), sample)
	case tls != nil && !s.wrong(under(way, "tls")) && !(s.has(under(way, "tls/cert")) && s.has(under(way, "tls/key"))):
		s.faultOf(under(way, "tls"), "tls: write both cert: and key:")
	}
}

// clientRule wants to know whose boxes may come to a built-in broker that others can reach: records
// hold tickets, and a ticket leads to a person.
func clientRule(s *sheet, b *Broker) {
	const tls = "broker/tls"
	if b.TLS == nil || s.wrong(tls) || s.has(under(tls, "client_ca")) || b.Listen == "" || OnLoopback(b.Listen) {
		return
	}
	s.faultOf(tls, "tls without client_ca, and listen %s can be reached from other machines, which could read every ticket: "+
		"write client_ca: boxes.pem beside cert, or listen: 127.0.0.1:8883", quote(b.Listen))
}
