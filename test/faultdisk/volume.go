package faultdisk

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"evalpad/test/harness"
)

// Volume is an ext4 file system in an image, mounted through a loop device.
type Volume struct {
	Dir    string
	Device string // as loop3
	gone   bool
}

// Ext4 is the image of an empty ext4 file system of so many bytes, as on a box's card.
func Ext4(t testing.TB, size int64) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ext4.img")
	f, err := os.Create(path)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run(t, harness.Need(t, "mkfs.ext4"), "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", path)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// Mount mounts the image at path. It is unmounted when the test ends, if not before.
func Mount(t testing.TB, path string) *Volume {
	t.Helper()
	harness.NeedRoot(t)
	harness.NeedDevice(t, "/dev/loop-control")
	losetup, dir := harness.Need(t, "losetup"), t.TempDir()
	device := strings.TrimSpace(run(t, losetup, "--find", "--show", path))
	err := syscall.Mount(device, dir, "ext4", 0, "")
	run(t, losetup, "--detach", device) // once it is not mounted any more
	if err != nil {
		t.Fatalf("mount %s: %v", path, err)
	}
	v := &Volume{Dir: dir, Device: filepath.Base(device)}
	t.Cleanup(func() { v.Unmount(t) })
	return v
}

// Unmount lets the volume go. Twice is once.
func (v *Volume) Unmount(t testing.TB) {
	t.Helper()
	if v.gone {
		return
	}
	v.gone = true
	if err := syscall.Unmount(v.Dir, 0); err != nil {
		t.Errorf("unmount %s: %v", v.Dir, err)
		_ = syscall.Unmount(v.Dir, syscall.MNT_DETACH)
	}
}

func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v: %s", program, args, err, errs.String())
	}
	return out.String()
}

// Tmpfs mounts a file system of a size, as 2m, that is full when that is used.
func Tmpfs(t testing.TB, size string) (dir string) {
	t.Helper()
	harness.NeedRoot(t)
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount a tmpfs of %s: %v", size, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// SetReadOnly mounts the file system at dir anew, as the kernel does after an error, or as it was.
func SetReadOnly(t testing.TB, dir string, on bool) {
	t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if on {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("", dir, "", flags, ""); err != nil {
		t.Fatalf("remount %s: %v", dir, err)
	}
}
