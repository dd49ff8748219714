// Package power takes the power away from a box, and makes its disk fail, and looks at what is left.
// A counter works in a process of its own on a disk that remembers every write; whatever it has been
// told was kept must be there in every image that a cut can leave. Another process opens the images,
// since a damaged one can end whoever reads it.
package power

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"evalpad/sync/outbox"
)

// job, in the environment, makes the test binary another process.
type job struct {
	Do      string // press, serve, read, check
	Dir     string // where the outbox lies
	Witness string // path of the file for promises
	Presses int    // at each counter
	From    int    // the first step
	Seed    uint64
	Close   bool // the outbox at the end; else the process just ends
	Apart   bool // have a file checked in a process of its own, which costs one
}

const jobVariable = "EVALPAD_POWER_JOB"

// ownMounts, in the environment, says that this process has mounts of its own.
const ownMounts = "EVALPAD_POWER_MOUNTS"

func TestMain(m *testing.M) {
	if text := os.Getenv(jobVariable); text != "" {
		os.Exit(exitCode(workOn(text)))
	}
	if os.Geteuid() == 0 && os.Getenv(ownMounts) == "" {
		os.Exit(exitCode(againWithOwnMounts()))
	}
	os.Exit(m.Run())
}

// againWithOwnMounts runs the tests in a process whose mounts end with it, however it ends.
func againWithOwnMounts() error {
	runtime.LockOSThread() // the kernel ends the child with the thread that started it
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), ownMounts+"=1")
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return again.Run()
}

// exitCode says an error that nobody has said yet.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if _, told := errors.AsType[*exec.ExitError](err); !told {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

func workOn(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	return j.work()
}

func (j job) work() error {
	switch j.Do {
	case "press":
		return press(j)
	case "read":
		return readImages(j, os.Stdin, os.Stdout)
	case "serve":
		return serve(j.Dir, os.Stdin, os.Stdout)
	case "check":
		return outbox.Check(j.Dir)
	}
	return fmt.Errorf("no such work: %q", j.Do)
}

func (j job) environment() []string {
	text, err := json.Marshal(j)
	if err != nil {
		panic(err) // strings and numbers
	}
	return append(os.Environ(), jobVariable+"="+string(text))
}
