package outbox

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// bbolt's own form of a page: number (8 bytes), flags (2), count (2), overflow (4); in a branch then
// for each page below it position (4), size of the key (4) and number (8). In the box's byte order.
const (
	pageHeader    = 16
	branchElement = 16
	branchFlag    = 0x01
	leafFlag      = 0x02
)

// noLoop returns ErrDamaged if in the tree of the top or of a named bucket a page is reached twice, or
// is no leaf and leads nowhere. bbolt takes for a branch whatever is no leaf, and follows it wherever
// it leads. One that leads back to a page above it, as a card that has lost a write can leave it, is
// followed until memory ends; that ends the process, and there is no panic to catch. What is wrong
// otherwise, bbolt's own reading will find.
func noLoop(tx *bolt.Tx, names ...[]byte) error {
	f, err := os.Open(tx.DB().Path())
	if err != nil {
		return err
	}
	defer f.Close()
	w := treeWalk{f, int64(tx.DB().Info().PageSize), map[int64]bool{}}
	if err := w.down(int64(tx.Cursor().Bucket().Root())); err != nil {
		return err
	}
	for _, name := range names {
		if err := w.bucket(tx.Bucket(name)); err != nil {
			return fmt.Errorf("bucket %q: %w", name, err)
		}
	}
	return nil
}

// treeWalk remembers where it has been.
type treeWalk struct {
	f        io.ReaderAt
	pageSize int64
	seen     map[int64]bool
}

// bucket walks a bucket's tree. A small one lies within the top's own page, as a leaf without a number:
// were it none, it would lead to itself.
func (w treeWalk) bucket(b *bolt.Bucket) error {
	switch {
	case b == nil:
		return nil
	case b.Root() != 0:
		return w.down(int64(b.Root()))
	case b.Stats().InlineBucketInuse == 0: // a leaf has a header at least
		return fmt.Errorf("%w: its own page is no leaf", ErrDamaged)
	}
	return nil
}

func (w treeWalk) down(page int64) error {
	if w.seen[page] {
		return fmt.Errorf("%w: page %d is reached twice", ErrDamaged, page)
	}
	w.seen[page] = true
	pages, err := w.below(page)
	if err != nil {
		return err
	}
	for _, below := range pages {
		if err := w.down(below); err != nil {
			return err
		}
	}
	return nil
}

// below lists the pages that a branch leads to; none for a leaf, and for what cannot be read.
func (w treeWalk) below(page int64) (pages []int64, err error) {
	header := make([]byte, pageHeader)
	if _, err := w.f.ReadAt(header, page*w.pageSize); err != nil {
		return nil, nil
	}
	flags, count := binary.NativeEndian.Uint16(header[8:]), binary.NativeEndian.Uint16(header[10:])
	if flags == leafFlag {
		return nil, nil
	}
	if flags != branchFlag || count == 0 {
		return nil, fmt.Errorf("%w: page %d is neither a leaf nor a branch that leads somewhere", ErrDamaged, page)
	}
	elements := make([]byte, branchElement*int(count))
	if _, err := w.f.ReadAt(elements, page*w.pageSize+pageHeader); err != nil {
		return nil, nil
	}
	for at := 0; at < len(elements); at += branchElement {
		pages = append(pages, int64(binary.NativeEndian.Uint64(elements[at+8:])))
	}
	return pages, nil
}
