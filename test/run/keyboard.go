package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/term"
)

// operate lets the pad's keys be pressed at the keyboard, and says what the pad shows, until q is
// pressed or ctx is done. From a terminal each keystroke counts; from a pipe each character of a
// line, and its end is no end of ours.
func (p *pad) operate(ctx context.Context, out io.Writer) error {
	if p == nil {
		<-ctx.Done()
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := stdin()
	if err != nil {
		return err
	}
	defer in.Close()
	defer context.AfterFunc(ctx, func() { in.Close() })() // wakes the read
	if term.IsTerminal(syscall.Stdin) {
		state, err := term.MakeRaw(syscall.Stdin)
		if err != nil {
			return fmt.Errorf("read single keys: %w", err)
		}
		defer term.Restore(syscall.Stdin, state)
		out = rawWriter{out}
	}
	b := &bench{pad: p, out: out}
	defer b.presses.Wait()
	defer cancel()
	b.watch(ctx)
	b.say(p.legend())
	b.powerUp(ctx)
	return b.listen(ctx, in)
}

// stdin opens the standard input anew, so that a read of it can be ended, and so that it does not
// become non-blocking for whoever else has it.
func stdin() (*os.File, error) {
	f, err := os.OpenFile("/dev/stdin", os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return f, nil
}

// rawWriter writes lines for a terminal that is raw.
type rawWriter struct{ io.Writer }

func (w rawWriter) Write(b []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, strings.ReplaceAll(string(b), "\n", "\r\n")); err != nil {
		return 0, err
	}
	return len(b), nil
}

// bench is the pad in use.
type bench struct {
	pad       *pad
	out       io.Writer
	mu        sync.Mutex // of out
	presses   sync.WaitGroup
	unplugged bool
}

func (b *bench) say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprint(b.out, text)
}

// interrupt and end are what a raw terminal makes of Ctrl-C and Ctrl-D.
const (
	interrupt = 0x03
	end       = 0x04
)

func (b *bench) listen(ctx context.Context, in io.Reader) error {
	buf := make([]byte, 64)
	for {
		n, err := in.Read(buf)
		for _, key := range buf[:n] {
			if key == 'q' || key == interrupt || key == end {
				return nil
			}
			b.key(ctx, key)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, io.EOF):
			<-ctx.Done() // a pipe that is done; what was pressed goes on
			return nil
		case err != nil:
			return fmt.Errorf("read keys: %w", err)
		}
	}
}

// key does what a key of the keyboard is for.
func (b *bench) key(ctx context.Context, key byte) {
	do := b.pad.keys[key]
	switch {
	case key <= ' ':
	case key == 'u':
		b.replug(ctx)
	case do == nil:
		b.say(fmt.Sprintf("  %c: no such key on this pad 此评价器没有这个键\n", key))
	default:
		b.say(fmt.Sprintf("  %c pressed 已按\n", key))
		b.do(ctx, do)
	}
}

func (b *bench) replug(ctx context.Context) {
	b.unplugged = !b.unplugged
	words, err := b.pad.replug(b.unplugged)
	if err != nil {
		words = err.Error()
	}
	b.say("  " + words + "\n")
	if !b.unplugged {
		b.powerUp(ctx)
	}
}

func (b *bench) powerUp(ctx context.Context) {
	if b.pad.power != nil {
		b.do(ctx, b.pad.power)
	}
}

// do presses beside everything else: a pad that waits for its thanks keeps nobody from another key.
func (b *bench) do(ctx context.Context, do press) {
	b.presses.Go(func() {
		if err := do(ctx); !quiet(err) {
			b.say("  " + err.Error() + "\n")
		}
	})
}

// watch says what the pad shows.
func (b *bench) watch(ctx context.Context) {
	f, shows := b.pad.cable.(face)
	if !shows {
		return
	}
	b.presses.Go(func() {
		for n := 1; ; n++ {
			sights, err := f.AwaitShown(ctx, n)
			if err != nil {
				return
			}
			b.say(fmt.Sprintf("  the pad shows 评价器显示: %s %s\n", chinese[sights[n-1]], sights[n-1]))
		}
	})
}
