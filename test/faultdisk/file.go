package faultdisk

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// file is as the kernel sees it; what of it would survive a power cut, the log tells.
type file struct {
	fs.Inode
	disk   *Disk
	number int
	mode   uint32
	data   []byte
}

// newFile gives a file its number. mu is held.
func (d *Disk) newFile(mode uint32) *file {
	n := &file{disk: d, number: len(d.files), mode: mode}
	d.files = append(d.files, n)
	return n
}

func (f *file) stable() fs.StableAttr {
	return fs.StableAttr{Mode: f.mode & syscall.S_IFMT, Ino: uint64(f.number) + 2}
}

// attr fills in what stat tells. mu is held.
func (f *file) attr(out *fuse.Attr) {
	out.Mode, out.Size, out.Nlink, out.Ino = f.mode, uint64(len(f.data)), 1, uint64(f.number)+2
	out.Blksize, out.Blocks = 4096, uint64(len(f.data)+511)/512
}

// resize is how long the file is from now on. mu is held.
func (f *file) resize(size int64) syscall.Errno {
	if errno := f.disk.do(entry{kind: Resize, file: f.number, size: size}); errno != 0 {
		return errno
	}
	f.data = resized(f.data, size)
	return 0
}

func resized(data []byte, size int64) []byte {
	if more := size - int64(len(data)); more > 0 {
		return append(data, make([]byte, more)...)
	}
	return data[:size]
}

// Getattr tells mode and size.
func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.attr(&out.Attr)
	return 0
}

// Setattr changes mode and size.
func (f *file) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if mode, given := in.GetMode(); given {
		f.mode = f.mode&syscall.S_IFMT | mode&0o777
	}
	if size, given := in.GetSize(); given {
		if errno := f.resize(int64(size)); errno != 0 {
			return errno
		}
	}
	f.attr(&out.Attr)
	return 0
}

// Open lets the kernel keep what it has read.
func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Read gives what was written last, synced or not.
func (f *file) Read(_ context.Context, _ fs.FileHandle, into []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if errno := f.disk.fails(entry{kind: Read, file: f.number, at: at, size: int64(len(into))}); errno != 0 {
		return nil, errno
	}
	n := 0
	if at < int64(len(f.data)) {
		n = copy(into, f.data[at:])
	}
	return fuse.ReadResultData(into[:n]), 0
}

// Write notes and keeps.
func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, at int64) (uint32, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if errno := f.disk.do(entry{kind: Write, file: f.number, at: at, data: data}); errno != 0 {
		return 0, errno
	}
	f.data = resized(f.data, max(int64(len(f.data)), at+int64(len(data))))
	copy(f.data[at:], data)
	return uint32(len(data)), 0
}

// Allocate makes the file as long as is asked.
func (f *file) Allocate(_ context.Context, _ fs.FileHandle, at, size uint64, mode uint32) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if mode != 0 {
		return syscall.EOPNOTSUPP
	}
	return f.resize(max(int64(len(f.data)), int64(at+size)))
}

// Fsync makes durable what was written before.
func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.disk.do(entry{kind: Sync, file: f.number})
}
