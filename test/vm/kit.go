// Package vm is a box that is not there: a board that QEMU emulates, with Debian's own kernel for it,
// GPIO lines, serial keypads and a USB keyboard that are pressed and pulled from outside, and a
// network with nothing in it but headquarters' broker. The agent on it is the real program for ARM.
package vm

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"evalpad/test/harness"
)

// Kit is what a machine boots.
type Kit struct {
	kernel  string // folder made by kernel.sh
	initial string // the first files: the guest's program, the agent, the modules
}

// Prepare builds the agent for ARM as the source stands, and takes a kernel: the one of last time,
// or Debian's newest where there is none, or where newest asks for it. A test that finds neither
// QEMU nor a kernel is skipped and counted.
func Prepare(t testing.TB, newest bool) Kit {
	t.Helper()
	harness.Need(t, "qemu-system-aarch64")
	harness.Need(t, "socat")
	harness.Need(t, "mkfs.ext4")
	dir := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=system", "-o", dir+"/",
		"evalpad/cmd/evalpad", "evalpad/test/vm/guest")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the programs for ARM: %v\n%s", err, out)
	}
	k := Kit{kernel: kernel(t, newest), initial: filepath.Join(dir, "initial.cpio")}
	if err := k.pack(dir); err != nil {
		t.Fatal(err)
	}
	return k
}

// kernel is the folder in which kernel.sh has put one.
func kernel(t testing.TB, newest bool) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{script(t), filepath.Join(cache, "evalpad", "vm")}
	if newest {
		args = append(args, "new")
	}
	prepare := exec.Command("sh", args...)
	var said bytes.Buffer
	prepare.Stderr = &said
	out, err := prepare.Output()
	folder := strings.TrimSpace(string(out))
	if err != nil {
		t.Logf("prepare a kernel: %v\n%s", err, tail(said.String(), 10))
		folder = args[1]
	}
	harness.NeedFile(t, filepath.Join(folder, "vmlinuz"), "kernel of Debian's for arm64")
	return folder
}

// script finds kernel.sh beside this package's source, from wherever in the project a test runs.
func script(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "evalpad/test/vm").Output()
	if err != nil {
		t.Fatalf("find test/vm: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "kernel.sh")
}

func (k Kit) pack(programs string) error {
	file, err := os.Create(k.initial)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	a := archive{w: w}
	for _, name := range []string{"dev", "bin", "etc"} {
		a.folder(name)
	}
	a.device("dev/console", 5, 1)
	a.program("init", filepath.Join(programs, "guest"))
	a.program("bin/evalpad", filepath.Join(programs, "evalpad"))
	a.folderFrom("modules", filepath.Join(k.kernel, "modules"))
	if err := a.end(); err != nil {
		return err
	}
	return w.Flush()
}

// Disk makes an ext4 file system of 200 MiB in a file, for as long as the test runs. It outlives a
// machine as a card does.
func Disk(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	if out, err := exec.Command(harness.Need(t, "mkfs.ext4"), "-q", path, "200M").CombinedOutput(); err != nil {
		t.Fatalf("make a disk: %v\n%s", err, out)
	}
	return path
}

// String names the kernel, as "linux-image-6.1.0-56-arm64+6.1.192-2".
func (k Kit) String() string {
	name := filepath.Base(k.kernel)
	return name[:max(strings.LastIndex(name, "+"), 0)]
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return fmt.Sprint(strings.Join(all[max(0, len(all)-lines):], "\n"))
}
