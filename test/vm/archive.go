package vm

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// archive writes the files that a kernel starts with: a cpio archive of the form "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst). Nothing needs a root's right to make
// devices that way.
type archive struct {
	w     io.Writer
	inode int
	err   error
}

// File types of cpio, as in st_mode.
const (
	isFolder = 0o040000
	isDevice = 0o020000
	isFile   = 0o100000
)

func (a *archive) folder(name string) { a.add(name, isFolder|0o755, nil, 0, 0) }

// device adds a character device.
func (a *archive) device(name string, major, minor int) {
	a.add(name, isDevice|0o600, nil, major, minor)
}

// program adds a file of this machine's under another name.
func (a *archive) program(name, from string) {
	text, err := os.ReadFile(from)
	if err != nil {
		a.fail(err)
		return
	}
	a.add(name, isFile|0o755, text, 0, 0)
}

// folderFrom adds a folder of this machine's, and the files in it.
func (a *archive) folderFrom(name, from string) {
	a.folder(name)
	files, err := fs.Glob(os.DirFS(from), "*")
	if err != nil {
		a.fail(err)
	}
	for _, file := range files {
		a.program(name+"/"+file, filepath.Join(from, file))
	}
}

// end closes the archive and returns the first error of all.
func (a *archive) end() error {
	a.add("TRAILER!!!", 0, nil, 0, 0)
	return a.err
}

func (a *archive) fail(err error) {
	if a.err == nil {
		a.err = fmt.Errorf("pack the machine's first files: %w", err)
	}
}

func (a *archive) add(name string, mode int, text []byte, major, minor int) {
	if a.err != nil {
		return
	}
	a.inode++
	// magic, inode, mode, uid, gid, links, mtime, size, device of the file, its own device, name, sum
	header := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		a.inode, mode, 0, 0, 1, 0, len(text), 0, 0, major, minor, len(name)+1, 0, name)
	for _, part := range [][]byte{[]byte(header), text} {
		if _, err := a.w.Write(append(part, make([]byte, -len(part)&3)...)); err != nil {
			a.fail(err)
			return
		}
	}
}
