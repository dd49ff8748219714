package faultdisk

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// folder is the top, and the only one. go-fuse keeps the names; the log keeps when each changed.
type folder struct {
	fs.Inode
	disk  *Disk
	first map[string][]byte
}

// OnAdd puts the first files there, as if synced long ago.
func (f *folder) OnAdd(ctx context.Context) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.put(ctx, Witness, nil)
	for name, data := range f.first {
		f.put(ctx, name, data)
	}
	f.disk.log = append(f.disk.log, entry{kind: SyncDir, file: onFolder})
}

func (f *folder) put(ctx context.Context, name string, data []byte) {
	n := f.disk.newFile(syscall.S_IFREG | 0o600)
	n.data = append(n.data, data...)
	f.disk.log = append(f.disk.log, entry{kind: Write, file: n.number, data: data}, entry{kind: Sync, file: n.number},
		entry{kind: Name, file: onFolder, name: name, named: n.number})
	f.AddChild(name, f.NewPersistentInode(ctx, n, n.stable()), false)
}

func (f *folder) change(e entry) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	e.file = onFolder
	return f.disk.do(e)
}

func (f *folder) add(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	f.disk.mu.Lock()
	n := f.disk.newFile(mode)
	errno := f.disk.do(entry{kind: Name, file: onFolder, name: name, named: n.number})
	n.attr(&out.Attr)
	f.disk.mu.Unlock()
	if errno != 0 {
		return nil, errno
	}
	return f.NewPersistentInode(ctx, n, n.stable()), 0
}

// Create makes a file.
func (f *folder) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	n, errno := f.add(ctx, name, syscall.S_IFREG|mode&0o777, out)
	return n, nil, fuse.FOPEN_KEEP_CACHE, errno
}

// Mknod makes a socket.
func (f *folder) Mknod(ctx context.Context, name string, mode, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return f.add(ctx, name, mode, out)
}

// Link gives a file a second name.
func (f *folder) Link(_ context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n, ok := target.(*file)
	if !ok {
		return nil, syscall.EPERM
	}
	errno := f.change(entry{kind: Link, name: name, named: n.number})
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	n.attr(&out.Attr)
	return n.EmbeddedInode(), errno
}

// Rename moves a name over another.
func (f *folder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	if flags != 0 {
		return syscall.EINVAL
	}
	return f.change(entry{kind: Rename, name: name, to: to})
}

// Unlink takes a name away.
func (f *folder) Unlink(_ context.Context, name string) syscall.Errno {
	return f.change(entry{kind: Remove, name: name})
}

// Fsync makes the names durable.
func (f *folder) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return f.change(entry{kind: SyncDir})
}

// Statfs says that there is room.
func (f *folder) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Blocks, out.Bfree, out.Bavail = 4096, 1<<20, 1<<19, 1<<19
	return 0
}
