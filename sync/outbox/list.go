package outbox

import (
	"errors"
	"fmt"
	"iter"
	"math"

	bolt "go.etcd.io/bbolt"
)

// Item is a letter as a person lists it.
type Item struct {
	Letter
	Waiting bool
	Wall    int64 // UTC milliseconds of its storing; 0 while the clock was unset
}

// List walks the letters of the file at path, oldest first, while no agent runs; else it yields
// ErrInUse. A letter that is damaged comes with its Ref alone and ErrDamaged, and the walk goes on;
// any other error ends it.
func List(path string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		db, err := openReadOnly(path)
		if err != nil {
			yield(Item{}, fmt.Errorf("list %s: %w", path, err))
			return
		}
		defer db.Close()
		items(db.View)(yield)
	}
}

// List is the same for an outbox that is open. Letters stored meanwhile may be among them.
func (b *Outbox) List() iter.Seq2[Item, error] { return items(b.view) }

type viewer func(func(*bolt.Tx) error) error

// items reads page by page, so that no transaction stays open while the caller thinks.
func items(view viewer) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for from := Ref(1); ; {
			var page []Item
			var faults []error
			err := view(func(tx *bolt.Tx) error {
				return guard(func() error { page, faults = pageOf(tx, from); return nil })
			})
			if err != nil {
				yield(Item{}, fmt.Errorf("list letters: %w", err))
				return
			}
			for i, it := range page {
				if !yield(it, faults[i]) {
					return
				}
			}
			if len(page) < pageMax {
				return
			}
			from = page[len(page)-1].Ref + 1
		}
	}
}

func pageOf(tx *bolt.Tx, from Ref) (page []Item, faults []error) {
	for ref, v := range shelfOf(tx).between(from, math.MaxUint64) {
		l, at, err := decode(ref, v)
		it := Item{Letter: l, Wall: at.wall}
		if err != nil {
			it = Item{Letter: Letter{Ref: ref}}
		}
		for _, lane := range inLanes {
			it.Waiting = it.Waiting || tx.Bucket(lane).Get(ref.key()) != nil
		}
		if page, faults = append(page, it), append(faults, err); len(page) == pageMax {
			break
		}
	}
	return page, faults
}

// isDamage tells a damaged letter, after which a walk goes on, from an error that ends it.
func isDamage(it Item, err error) bool { return it.Ref != 0 && errors.Is(err, ErrDamaged) }
