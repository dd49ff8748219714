package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"evalpad/cmd/inspector/internal/app"
	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/qrdesk"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/sync/wire"
)

func serveCommand(s *command.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Be headquarters until told to stop", Args: command.Words(),
		Example: `  inspector serve -c /etc/inspector/inspector.yaml
  inspector serve -c ./inspector.yaml --log-format json`,
		RunE: func(c *cobra.Command, _ []string) error {
			i, err := config.ReadInspector(s.Config)
			if err != nil {
				return err
			}
			return serve(c.Context(), i, s.Logger())
		},
	}
}

func serve(ctx context.Context, i config.Inspector, log *slog.Logger) error {
	if i.Store != "sqlite" {
		return errors.New("store: this version keeps its ledger in sqlite only; write store: sqlite")
	}
	outside, err := outsideOf(i.Template)
	if err != nil {
		return err
	}
	a, err := app.New(app.Options{
		DataDir: i.DataDir, Broker: brokerOf(i.Broker), TopicRoot: wire.Topics(i.TopicRoot),
		Clocks: casebook.Clocks(i.Clocks), Web: webOf(i.Web), QR: qrOf(i.QR), Outside: outside, Log: log,
		QRDesk: func(d app.Deps) (http.Handler, error) {
			return qrdesk.New(qrdesk.Options{Book: d.Ledger, TokenFile: i.QR.TokenFile, GoodFor: i.QR.GoodFor, Now: d.Now, Log: log})
		},
		Board: func(d app.Deps) http.Handler {
			return board.New(board.Options{
				Book: d.Ledger, Registry: d.Ledger, Ratings: d.Ledger, Changes: d.Changes, Now: d.Now, Healthy: d.Health, Log: log,
			})
		},
	})
	if err != nil {
		return err
	}
	ready(log, a.Addrs())
	go keepWatch(ctx, a, log) // ends with ctx
	return a.Run(ctx)
}

// outsideOf reads the bank's template; nil where there is none, and then nothing is compared.
func outsideOf(template string) (func(wire.CounterRules) []string, error) {
	if template == "" {
		return nil, nil
	}
	t, err := config.ReadTemplate(template)
	if err != nil {
		return nil, err
	}
	return t.Outside, nil
}

// ready says where we really listen; port 0 is allowed.
func ready(log *slog.Logger, at app.Addrs) {
	qr := ""
	if at.QR != "" {
		qr = " qr=" + at.QR
	}
	fmt.Printf("ready web=%s broker=%s%s\n", at.Web, at.Broker, qr)
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Warn("systemd not told", "error", err)
	}
}

func brokerOf(b config.Broker) app.Broker {
	to := app.Broker{Listen: b.Listen, URL: b.URL, ClientID: b.ClientID, CA: b.CA, Cert: b.Cert, Key: b.Key}
	if b.TLS != nil {
		to.Cert, to.Key, to.ClientCA = b.TLS.Cert, b.TLS.Key, b.TLS.ClientCA
	}
	return to
}

// qrOf is where phones' ratings come in; the zero Web is off.
func qrOf(d *config.QRDesk) app.Web {
	if d == nil {
		return app.Web{}
	}
	return webOf(config.Listener{Listen: d.Listen, TLS: d.TLS})
}

func webOf(l config.Listener) app.Web {
	w := app.Web{Listen: l.Listen}
	if l.TLS != nil {
		w.Cert, w.Key = l.TLS.Cert, l.TLS.Key
	}
	return w
}
