// Run puts headquarters and one counter on this machine: `make run`. It starts both programs on
// built-in defaults, says which two pages to open and what to press, and takes both down at Ctrl-C.
// `PAD=ff68 make run` puts a simulated pad of that make at the counter, whose keys are the keyboard's.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	bin := flag.String("bin", ".build", "the folder of the built programs")
	dir := flag.String("dir", ".run", "the folder for data, configuration and logs")
	simulated := flag.String("pad", os.Getenv("PAD"), "the make of a simulated pad at the counter, as ff68; none: the page only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *dir, *simulated); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, dir, simulated string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	p, err := atCounter(simulated, dir)
	if err != nil {
		return err
	}
	defer p.pull()
	inspector, err := start(ctx, bin, dir, "inspector", "serve", inspectorConfig())
	if err != nil {
		return err
	}
	defer inspector.end()
	evalpad, err := start(ctx, bin, dir, "evalpad", "run", evalpadConfig(inspector.says["broker"], p.counter()))
	if err != nil {
		return err
	}
	defer evalpad.end()
	fmt.Printf(`
  The counter's page:     %s
  The inspectors' board:  %s

  Open both. Press 不满意 (dissatisfied) on the first: the case appears on the second,
  with two hours to begin the investigation. Ctrl-C stops everything; data and logs are in %s.

`, evalpad.says["screen"], inspector.says["web"], dir)
	operated := make(chan error, 1)
	go func() { operated <- p.operate(ctx, os.Stdout) }()
	select {
	case <-ctx.Done():
	case err = <-operated:
		operated <- nil
	case err = <-inspector.done:
		err = fmt.Errorf("inspector ended by itself: %w; see %s", err, inspector.log)
	case err = <-evalpad.done:
		err = fmt.Errorf("evalpad ended by itself: %w; see %s", err, evalpad.log)
	}
	cancel()
	<-operated // from here on the terminal is as it was
	if err == nil {
		fmt.Println("\nstopping both …")
	}
	return err
}

func inspectorConfig() string {
	return fmt.Sprintf("data_dir: inspector\nbroker: {listen: 127.0.0.1:0}\nweb: {listen: %s}\n", free("127.0.0.1:8080"))
}

func evalpadConfig(broker, counter string) string {
	return fmt.Sprintf(`device: pad-demo-01
region: r11
branch: b0731
data_dir: evalpad
headquarters: {broker: %q}
screen: {listen: %s}
counters:
  - {counter: c03, business: credit, %s}
`, broker, free("127.0.0.1:8090"), counter)
}

// free is the wished address, or one with any port if somebody listens there.
func free(wish string) string {
	l, err := net.Listen("tcp", wish)
	if err != nil {
		return "127.0.0.1:0"
	}
	l.Close()
	return wish
}

type program struct {
	cmd  *exec.Cmd
	log  string
	says map[string]string // the words of its ready line, as screen=http://…
	done chan error
}

// start writes the configuration, starts the program, and returns when it is ready.
func start(ctx context.Context, bin, dir, name, verb, config string) (*program, error) {
	file := filepath.Join(dir, name+".yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	p := &program{log: filepath.Join(dir, name+".log"), done: make(chan error, 1)}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own
	p.cmd = exec.CommandContext(ctx, filepath.Join(bin, name), verb, "-c", file)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 6 * time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // kill -9 of us leaves nothing running
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, p.ready(name, out)
}

func (p *program) ready(name string, out io.Reader) error {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] != "ready" {
			continue
		}
		p.says = map[string]string{}
		for _, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			p.says[key] = value
		}
		go func() { p.done <- p.cmd.Wait() }()
		return nil
	}
	err := p.cmd.Wait()
	text, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s did not start: %w\n%s", name, err, text)
}

// end waits until the program has gone; a second word is not needed, its context is done.
func (p *program) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(7 * time.Second):
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			fmt.Fprintln(os.Stderr, "make run:", err)
		}
	}
}
