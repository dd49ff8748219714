package faultdisk

// Kind is what the kernel asks a disk for.
type Kind string

// The kinds. Those of names are the folder's, the others a file's.
const (
	Read     Kind = "read"
	Write    Kind = "write"
	Resize   Kind = "resize"
	Sync     Kind = "sync"
	Name     Kind = "name" // of a new file
	Link     Kind = "link" // a second name
	Rename   Kind = "rename"
	Remove   Kind = "remove"
	SyncDir  Kind = "sync of the folder"
	onFolder      = -1 // the file of an entry about names
)

// entry is one operation.
type entry struct {
	kind     Kind
	file     int // onFolder for one about names
	at       int64
	data     []byte
	size     int64 // of Resize, and what Read asks for
	name, to string
	named    int  // the file that gets a name
	doubtful bool // synced with an error: kept or lost, whatever was synced later
}
