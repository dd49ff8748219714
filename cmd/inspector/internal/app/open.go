package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"evalpad/cmd/inspector/internal/identity"
	"evalpad/cmd/inspector/internal/intake"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/link"
)

func (a *App) openFolder() (err error) {
	held, err := lock(a.o.DataDir)
	if err != nil {
		return err
	}
	a.opened.push("lock", func(context.Context) error { return held.Close() })
	if a.identity, err = identity.Open(a.o.DataDir); err != nil {
		return err
	}
	a.ledger, err = ledger.Open(context.Background(), filepath.Join(a.o.DataDir, LedgerName), ledger.Options{
		Clocks: a.o.Clocks, Now: a.o.Now, Log: a.o.Log, Changed: a.casesChanged, Outside: a.o.Outside,
	})
	if err != nil {
		return err
	}
	a.opened.push("ledger", func(context.Context) error { return a.ledger.Close() })
	return nil
}

func (a *App) openBroker() (err error) {
	b := a.o.Broker
	if b.URL != "" {
		a.addrs.Broker = b.URL
		return nil
	}
	config, err := serverTLS(b.Cert, b.Key, b.ClientCA)
	if err != nil {
		return err
	}
	var listener net.Listener
	if b.Listen != "" {
		if listener, err = net.Listen("tcp", b.Listen); err != nil {
			return fmt.Errorf("broker.listen: %w", err)
		}
		a.opened.push("broker's listener", closed(listener))
		scheme := "mqtt://"
		if config != nil {
			scheme = "mqtts://"
		}
		a.addrs.Broker = scheme + listener.Addr().String()
	}
	a.relay, err = newRelay(a.o.TopicRoot, listener, config, a.o.Log)
	return err
}

func (a *App) openIntake() error {
	lo, budget, err := a.way()
	if err != nil {
		return err
	}
	a.intake, err = intake.New(intake.Options{
		Link: lo, Topics: a.o.TopicRoot, Ledger: a.ledger, Identity: a.identity,
		QueueBudget: budget, Changed: a.changes.tell, Now: a.o.Now, Log: a.o.Log,
	})
	return err
}

// way is how the intake reaches the broker, and how many records that broker queues for it.
func (a *App) way() (link.Options, int, error) {
	if a.relay != nil {
		return link.Options{Broker: "mqtt://in-process", ClientID: "inspector", Dial: a.relay.dial}, relayBudget, nil
	}
	lo, err := a.o.outside()
	return lo, a.o.Broker.QueueBudget, err
}

// closed undoes a listener that its server may have closed already.
func closed(l net.Listener) func(context.Context) error {
	return func(context.Context) error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
