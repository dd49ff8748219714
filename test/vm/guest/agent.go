package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"evalpad/test/vm/orders"
)

// restartAfter is RestartSec= of the agent's unit; startTime is how long it may take to be ready, on
// a processor that is emulated.
const (
	restartAfter = time.Second
	startTime    = 30 * time.Second
)

// agent is the real program, started again when it ends by itself.
type agent struct {
	mu      sync.Mutex
	process *os.Process // nil while none runs
	wanted  bool
	revived int
	ended   chan orders.Ended // of the process that runs
}

func (a *agent) start() error {
	ready := make(chan error, 1)
	a.mu.Lock()
	a.wanted = true
	a.mu.Unlock()
	go a.keep(ready) // until stop
	select {
	case err := <-ready:
		return err
	case <-time.After(startTime):
		return fmt.Errorf("the agent is not ready after %s", startTime)
	}
}

// keep runs the agent again and again. ready hears of the first run only.
func (a *agent) keep(ready chan<- error) {
	for {
		err := a.run(ready)
		a.mu.Lock()
		again := a.wanted
		if again {
			a.revived++
		}
		a.mu.Unlock()
		if !again {
			return
		}
		fmt.Printf("guest: the agent ended by itself (%v) and is started again\n", err)
		select {
		case ready <- fmt.Errorf("the agent ended before it was ready: %w", err):
		default:
		}
		time.Sleep(restartAfter)
	}
}

// run runs the agent once. What it logs goes to the console.
func (a *agent) run(ready chan<- error) error {
	cmd := exec.Command(orders.Agent, "run", "-c", orders.Config)
	cmd.Stderr = os.Stdout
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	ended := make(chan orders.Ended, 1)
	a.mu.Lock()
	err = cmd.Start()
	a.process, a.ended = cmd.Process, ended
	a.mu.Unlock()
	if err != nil {
		return err
	}
	said(out, ready)
	err = cmd.Wait()
	a.mu.Lock()
	a.process = nil
	a.mu.Unlock()
	ended <- orders.Ended{Code: cmd.ProcessState.ExitCode()}
	return err
}

// said copies what the agent prints to the console, and notes that it is ready.
func said(out io.Reader, ready chan<- error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Println(lines.Text())
		if strings.HasPrefix(lines.Text(), "ready ") {
			select {
			case ready <- nil:
			default: // of an earlier run
			}
		}
	}
}

var errNotRunning = errors.New("the agent does not run")

func (a *agent) running() (orders.Running, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.process == nil {
		return orders.Running{}, errNotRunning
	}
	return orders.Running{PID: a.process.Pid, Revived: a.revived}, nil
}

func (a *agent) stop(signal os.Signal) (orders.Ended, error) {
	a.mu.Lock()
	a.wanted = false
	process, ended := a.process, a.ended
	a.mu.Unlock()
	if process == nil {
		return orders.Ended{}, errNotRunning
	}
	began := time.Now()
	if err := process.Signal(signal); err != nil {
		return orders.Ended{}, err
	}
	e := <-ended
	e.Took = time.Since(began)
	return e, nil
}
