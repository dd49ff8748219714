package outbox

import (
	"errors"
	"os"
)

// vouch makes certain that the commit from which the file is read is on the disk, before the first
// transaction after an Open or a failed commit. A meta page whose sync has failed can be read, since
// Linux keeps the page, and may never reach the disk, since Linux calls it clean. The next transaction
// would write over pages that only the commit before it needs; power that fails then, on a disk that
// has that one alone, would leave neither. So both meta pages are written again as they are read, which
// makes them dirty again, and synced. The pages below them were synced before bbolt wrote a meta page.
func (b *Outbox) vouch() error {
	if b.vouched {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	page := make([]byte, b.db.Info().PageSize)
	for _, at := range []int64{0, int64(len(page))} {
		_, err := f.ReadAt(page, at)
		if err == nil {
			_, err = f.WriteAt(page, at)
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	b.vouched = true
	return nil
}
