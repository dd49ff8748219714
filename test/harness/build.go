package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

// Built returns the path of one of this project's programs, evalpad or inspector, built from the
// source as it stands, once in a test run. RemoveBuilt takes them away.
func Built(t testing.TB, name string) string {
	t.Helper()
	built.once.Do(build)
	if built.err != nil {
		t.Fatalf("build the programs: %v\n%s", built.err, built.out)
	}
	return filepath.Join(built.dir, name)
}

func build() {
	if built.dir, built.err = os.MkdirTemp("", "evalpad-built-"); built.err != nil {
		return
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=test", "-o", built.dir+"/",
		"evalpad/cmd/evalpad", "evalpad/cmd/inspector", "evalpad/test/run")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	built.out, built.err = cmd.CombinedOutput()
}

// RemoveBuilt is for TestMain, after the tests.
func RemoveBuilt() { os.RemoveAll(built.dir) }
