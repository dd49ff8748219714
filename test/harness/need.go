// Package harness finds and drives the real parts that tests use: programs from Debian, built
// binaries of this project, a browser.
package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Need returns the path of a program from Debian, or skips the test. It and its neighbours below
// are the only place that skips: the end of make test counts such tests and names each with its reason.
func Need(t testing.TB, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} { // not on everybody's PATH
		path := filepath.Join(dir, program)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	t.Skipf("%s is not installed: make needs", program)
	return ""
}

// NeedRoot skips the test where we are not root: it mounts, or makes devices.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("we are not root: sudo make test")
	}
}

// NeedDevice skips the test where the kernel does not have a device, as /dev/fuse.
func NeedDevice(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("this kernel has no %s", path)
	}
}

// NeedFile skips the test where a file is not there that could not be fetched.
func NeedFile(t testing.TB, path, what string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("there is no %s, and it could not be fetched: %s", what, path)
	}
}

// NeedAxe is the script of axe-core, or skips the test: without it nothing looks for what keeps
// somebody out.
func NeedAxe(t testing.TB) string {
	t.Helper()
	script, err := axe()
	if err != nil {
		t.Skipf("axe-core cannot be had: %v", err)
	}
	return script
}
