package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"evalpad/agent"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/sync/link"
	"evalpad/sync/outbox"
	"evalpad/sync/uplink"
	"evalpad/sync/wire"
)

func runCommand(s *command.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "run", Short: "Serve the counters until told to stop", Args: command.Words(),
		Long: "Serve the counters until SIGTERM: then what is promised is finished, headquarters is told, and evalpad leaves within 5 s.",
		Example: `  evalpad run -c /etc/evalpad/evalpad.yaml
  evalpad run -c ./evalpad.yaml --log-format json`,
		RunE: func(c *cobra.Command, _ []string) error {
			pad, err := config.ReadPad(s.Config)
			if err != nil {
				return err
			}
			return run(c.Context(), pad, s.Logger())
		},
	}
}

func run(ctx context.Context, pad config.Pad, log *slog.Logger) error {
	clock, err := openClock()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(pad.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	tls, err := headquartersTLS(pad.Headquarters)
	if err != nil {
		return err
	}
	counters, page, err := hardware(pad, clock, log)
	if err != nil {
		return err
	}
	a, err := agent.New(agent.Options{
		Place:    wire.Place{Region: pad.Region, Branch: pad.Branch, Device: pad.Device},
		DataDir:  pad.DataDir,
		Counters: counters,
		Outbox:   outbox.Options{Max: pad.Outbox.Max, History: pad.Outbox.History, Checker: checkInChild},
		Link:     link.Options{Broker: pad.Headquarters.Broker, TLS: tls, Log: log},
		Topics:   wire.Topics(pad.Headquarters.TopicRoot),
		SettleOn: uplink.SettleOn(pad.Headquarters.SettleOn),
		Now:      clock.Now,
		Version:  version,
		Built:    built(),
		Log:      log,
	})
	if err != nil {
		return err
	}
	desk := counterDesk(pad.CounterDesk, a, log)
	ready(log, page, deskWord(desk), pad)
	go keepWatch(ctx, a, log) // ends with ctx
	return runBoth(ctx, a, desk)
}

// ready says where we really listen; port 0 is allowed.
func ready(log *slog.Logger, page, desk string, pad config.Pad) {
	fmt.Printf("ready screen=%s device=%s broker=%s%s\n", page, pad.Device, pad.Headquarters.Broker, desk)
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Warn("systemd not told", "error", err)
	}
}

// headquartersTLS reads the certificates that the configuration names; nil where it names none.
func headquartersTLS(h config.Headquarters) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS13}
	if h.CA != "" {
		pem, err := os.ReadFile(h.CA)
		if err != nil {
			return nil, fmt.Errorf("read headquarters' CA: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read headquarters' CA %s: it holds no certificate in PEM", h.CA)
		}
	}
	if h.Cert != "" {
		pair, err := tls.LoadX509KeyPair(h.Cert, h.Key)
		if err != nil {
			return nil, fmt.Errorf("read this box's certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
