package outbox

import (
	"time"

	bolt "go.etcd.io/bbolt"
)

// Slow keeps settled letters unwritten until a commit carries them along or there are 256.
func (o Options) Slow() Options {
	o.settleWithin = time.Hour
	return o
}

// Finish replaces the end of every write transaction, which is (*bolt.Tx).Commit.
func (o Options) Finish(fn func(*bolt.Tx) error) Options {
	o.finish = fn
	return o
}

// LetterHeader is how many bytes of a letter's value lie before its line.
const LetterHeader = letterHeader

// Packed is a value as it lies in the file, with its CRC.
func Packed(text string) []byte { return pack([]byte(text)) }
