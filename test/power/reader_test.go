package power

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"evalpad/sync/outbox"
	"evalpad/sync/outboxtest"
	"evalpad/sync/wire"
)

// found is what the box finds at its next start.
type found struct {
	Err     string        // the outbox does not open, or does not work
	Aside   bool          // the file was damaged: moved aside and salvaged
	Took    time.Duration // to open it
	Letters []foundLetter
	Desks   map[string]string
	Faults  []string // of Check and Verify
}

type foundLetter struct {
	Epoch      wire.Epoch
	Seq        uint64
	Hash       string
	Alert      bool
	Evaluation string
	Waiting    bool
}

// reader is a process that opens images.
type reader struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Scanner
	words   bytes.Buffer
}

func newReader(t *testing.T, apart bool) *reader {
	t.Helper()
	r := &reader{cmd: exec.Command(os.Args[0])}
	r.cmd.Env = job{Do: "read", Apart: apart}.environment()
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r.cmd.Stderr = &r.words
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.answers = bufio.NewScanner(out)
	r.answers.Buffer(nil, 16<<20)
	t.Cleanup(func() { r.in.Close(); _ = r.cmd.Wait() }) // its end was noticed where it mattered
	return r
}

// hangsAfter is when a process that opens an image has lost its way in it.
const hangsAfter = time.Minute

// read opens the outbox in dir. A process that ends over it, or does not come back, is an answer too,
// after which there must be another reader.
func (r *reader) read(dir string) (f found, alive bool) {
	patience := time.AfterFunc(hangsAfter, func() { _ = r.cmd.Process.Kill() }) // it may have gone already
	defer patience.Stop()
	if _, err := fmt.Fprintln(r.in, dir); err == nil && r.answers.Scan() {
		if err := json.Unmarshal(r.answers.Bytes(), &f); err != nil {
			f.Err = err.Error()
		}
		return f, true
	}
	err := r.cmd.Wait()
	return found{Err: fmt.Sprintf("the process that opened it has ended: %v: %.600s", err, r.words.String())}, false
}

// readImages is the process.
func readImages(j job, dirs io.Reader, answers io.Writer) error {
	lines, out := bufio.NewScanner(dirs), json.NewEncoder(answers)
	for lines.Scan() {
		f, err := readImage(j, filepath.Join(lines.Text(), "outbox.db"))
		if err != nil {
			f.Err = err.Error()
		}
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	return lines.Err()
}

// readImage starts as the agent does, presses once more, and leaves.
func readImage(j job, path string) (f found, err error) {
	o := outboxtest.Options()
	if j.Apart {
		o.Checker = checkInChild
	}
	began := time.Now()
	b, err := outbox.Open(path, o)
	if err != nil {
		return f, err
	}
	defer b.Close()
	f.Took = time.Since(began)
	aside, err := filepath.Glob(path + ".damaged-*")
	if err != nil {
		return f, err
	}
	f.Aside = len(aside) > 0
	if err := f.list(b); err != nil {
		return f, err
	}
	if _, err := b.Commit(context.Background(), changeOf("c09", 1)); err != nil {
		return f, err
	}
	if err := b.Close(); err != nil {
		return f, err
	}
	return f, f.verify(path)
}

// checkInChild is how the agent has its file checked.
func checkInChild(ctx context.Context, path string) error {
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = job{Do: "check", Dir: path}.environment()
	if out, err := child.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w: %.200s", outbox.ErrDamaged, err, out)
	}
	return nil
}

func (f *found) list(b *outbox.Outbox) error {
	for it, err := range b.List() {
		if errors.Is(err, outbox.ErrDamaged) && it.Ref != 0 {
			continue // its bytes; Verify names it too
		}
		if err != nil {
			return err
		}
		l := foundLetter{Epoch: it.Epoch, Seq: it.Seq, Hash: it.Hash.String(), Waiting: it.Waiting}
		rec, err := wire.ParseRecord(it.Line)
		if err != nil {
			return err
		}
		switch rec.Kind {
		case wire.KindAlert:
			a, err := rec.Alert()
			if err != nil {
				return err
			}
			l.Alert, l.Evaluation = true, a.Evaluation.Evaluation
		case wire.KindEvaluation:
			e, err := rec.Evaluation()
			if err != nil {
				return err
			}
			l.Evaluation = e.Evaluation
		}
		f.Letters = append(f.Letters, l)
	}
	desks, err := b.Desks()
	f.Desks = map[string]string{}
	for counter, state := range desks {
		f.Desks[counter] = string(state)
	}
	return err
}

func (f *found) verify(path string) error {
	if err := outbox.Check(path); err != nil {
		return err
	}
	r, err := outbox.Verify(path, outboxtest.Key.Public())
	for _, fault := range r.Faults {
		f.Faults = append(f.Faults, fault.String())
	}
	return err
}
