package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
	"evalpad/device"

	"github.com/spf13/cobra"
)

// wiredKeys gives the keys of a counter that need no protocol: GPIO lines, or a USB keypad's. Nil: it has
// none.
func wiredKeys(at config.Counter) map[string]int {
	switch {
	case at.GPIO != nil:
		return at.GPIO.Keys
	case at.USB != nil:
		return at.USB.Keys
	}
	return nil
}

// probeWired proves the keys of a counter whose pad is in the configuration already. It reports false
// where the counter has a serial pad, or none.
func probeWired(c *cobra.Command, s *command.Settings, p *probe) (wired bool, err error) {
	pad, err := config.ReadPad(s.Config)
	if err != nil {
		return false, nil // what can be found without it is found; check says what is wrong
	}
	i := slices.IndexFunc(pad.Counters, func(at config.Counter) bool { return at.Counter == p.wish.counter })
	if i < 0 || wiredKeys(pad.Counters[i]) == nil {
		return false, nil
	}
	clock, err := openClock()
	if err != nil {
		return true, err
	}
	h := bench{clock: clock}
	pads, err := h.keypads(pad.Counters[i], slog.New(slog.DiscardHandler))
	if err != nil {
		return true, err
	}
	return true, p.proveWired(c.Context(), wiredKeys(pad.Counters[i]), pads[0])
}

// proveWired runs the driver and has every key pressed once, best to worst; each press is shown back with
// the line or the key that it came by.
func (p *probe) proveWired(ctx context.Context, keys map[string]int, pad device.Driver) error {
	ctx, stop := context.WithCancel(ctx)
	in := make(chan device.Signal)
	var running sync.WaitGroup
	running.Go(func() { _ = pad.Run(ctx, in, make(chan device.Show)) }) // it ends with ctx, and with no error then
	defer running.Wait()
	defer stop()
	p.tell("%s: press every key once, best to worst; Enter ends it.", "%s：请由好到差把每个键各按一次；按回车键结束。", pad)
	scores := slices.SortedFunc(maps.Values(keys), func(a, b int) int { return b - a })
	var proved []string
	wrong := 0
	for _, want := range scores {
		line, mistakes, err := p.wantKey(ctx, in, want)
		if wrong += mistakes; err != nil {
			return err
		}
		proved = append(proved, line)
	}
	p.tell("All %d keys are proved.", "%d 个键全部核对无误。", len(scores))
	kept, err := p.recordWired(pad, proved, wrong)
	if err != nil {
		return fmt.Errorf("probe: keep the record: %w", err)
	}
	p.tell("The record is %s", "记录保存在 %s", kept)
	return nil
}

// wantKey waits for the key of a score.
func (p *probe) wantKey(ctx context.Context, in <-chan device.Signal, want int) (line string, wrong int, err error) {
	p.tell("Press: %s", "请按：%s", p.level(want))
	for wrong < mostWrong {
		select {
		case <-ctx.Done():
			return "", wrong, ctx.Err()
		case _, open := <-p.lines:
			if !open {
				p.lines = nil // a nil channel is never ready
				continue
			}
			return "", wrong, errors.New(p.say("probe: not proved: the key %s was not pressed", "probe: 未核对：没有按“%s”键", p.level(want)))
		case s := <-in:
			if s.Kind == device.Press && s.Score == want {
				line = fmt.Sprintf("%s  %s", s.Detail, tongue{}.level(want))
				fmt.Fprintf(p.out, "  ✓ %s  %s\n", s.Detail, p.level(want))
				return line, wrong, nil
			}
			wrong++
			fmt.Fprintf(p.out, "  ✗ %s\n", p.wiredWords(s))
		}
	}
	return "", wrong, errors.New(p.say("probe: not proved: %d wrong presses", "probe: 未核对：按错 %d 次", wrong))
}

// wiredWords says what came that is not the key that was wanted.
func (p *probe) wiredWords(s device.Signal) string {
	if s.Kind == device.Press {
		return p.say("%s is %s", "%s 是“%s”", s.Detail, p.level(s.Score))
	}
	return strings.TrimSpace(strings.Join([]string{string(s.Kind), s.Reason, s.Detail}, " "))
}

// recordWired keeps the proof for people.
func (p *probe) recordWired(pad device.Driver, proved []string, wrong int) (name string, err error) {
	folder := filepath.Join(p.outline.DataDir, probeFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	name = filepath.Join(folder, time.Now().Format("2006-01-02-150405")+"-"+p.wish.counter+".txt")
	return name, writeNew(name, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "probed    %s, evalpad %s\nby        %s\ncounter   %s\npad       %s\nwrong     %d presses before the right one\nkey       %s\n",
			time.Now().Format(time.RFC3339), version, p.who(), p.wish.counter, pad, wrong, strings.Join(proved, "\nkey       "))
		return err
	})
}
