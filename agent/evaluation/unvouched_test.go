package evaluation_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/agent/evaluation"
	"evalpad/sync/wire"
)

// doubtfulDisk stores what it says it cannot vouch for, as long as it is in doubt.
type doubtfulDisk struct {
	*disk
	inDoubt atomic.Bool
}

func (d *doubtfulDisk) Commit(ctx context.Context, counter string, state []byte, finished []wire.Evaluation) error {
	if err := d.disk.Commit(ctx, counter, state, finished); err != nil || !d.inDoubt.Load() {
		return err
	}
	return fmt.Errorf("input/output error: %w", evaluation.ErrUnvouched)
}

// TestStoredAndNotVouchedFor: what a failed commit has left in the store is finished once, whether a
// key or the window's end has finished it, and nobody is thanked for it.
func TestStoredAndNotVouchedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(t, dimensions...)
		d := &doubtfulDisk{disk: c.disk}
		c.opts.Store = d
		c.open()
		c.pad.keys <- please("p")
		c.pad.keys <- key("a", 1)
		c.pad.seen()
		d.inDoubt.Store(true)
		time.Sleep(31 * time.Second)
		want(t, c.pad.seen(), fault(""))
		time.Sleep(time.Minute)
		c.pad.keys <- key("b", 5)
		for _, s := range c.pad.seen() {
			if s != fault("") {
				t.Errorf("shown %+v, want nothing but the fault", s)
			}
		}
		d.inDoubt.Store(false)
		time.Sleep(time.Minute)
		wantEnded(t, c.disk.ended(), "E1 partial 1 [too-fast]", "E3 partial 1 [unprompted]")
		c.stop()
	})
}
