package outbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// Ref is a letter's place in the file: it rises with every letter of every epoch and is never used
// twice. It is the key of the outbox; a record's seq starts anew with each epoch and is not.
type Ref uint64

// Lane is a queue of the outbox. Each is sent in the order of its refs.
type Lane int

// The lanes. Alerts are alert records alone; everything else is normal.
const (
	Alerts Lane = iota
	Normal
)

func laneOf(k wire.Kind) Lane {
	if k == wire.KindAlert {
		return Alerts
	}
	return Normal
}

// Letter is one sealed record as it lies in the outbox. Line is the caller's own copy.
type Letter struct {
	Ref    Ref
	Epoch  wire.Epoch
	Seq    uint64
	Kind   wire.Kind
	Hash   wire.Hash
	Line   []byte // the bytes to send, without newline
	Urgent bool   // in the lane of alerts
}

// moment is a stamp as it lies in the file.
type moment struct {
	boot   uint64 // a digest of the boot id, to tell boots apart
	uptime int64  // milliseconds since that boot
	wall   int64  // UTC milliseconds; 0 while the clock was unset
	lived  int64  // milliseconds for which the box has run since the first file was made; see state.live
}

func momentOf(s wire.Stamp) moment {
	h := fnv.New64a()
	h.Write([]byte(s.Boot))
	m := moment{boot: h.Sum64(), uptime: s.UptimeMS}
	if s.Clock == wire.ClockSet && s.Wall != nil {
		m.wall = s.Wall.UnixMilli()
	}
	return m
}

// until is the time from m to now, never negative. Across a restart of a box without a clock it is
// what is known for certain: the age of the present boot.
func (m moment) until(now moment) time.Duration {
	ms := now.uptime
	switch {
	case m.boot == now.boot:
		ms = now.uptime - m.uptime
	case m.wall != 0 && now.wall != 0:
		ms = now.wall - m.wall
	}
	return time.Duration(max(ms, 0)) * time.Millisecond
}

// The value of a letter: version, CRC-32C of the rest, kind, ref, moment, line. What else a letter
// has is in its line. The ref is there so that a letter under another's key is noticed.
const (
	version      = 1
	checkedFrom  = 5 // where the bytes under the CRC begin
	letterHeader = checkedFrom + 1 + 8 + 32
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	kinds      = []wire.Kind{1: wire.KindAlert, wire.KindEvaluation, wire.KindAnswer, wire.KindEvent}
)

// pack puts version and CRC before a value.
func pack(payload []byte) []byte {
	v := make([]byte, checkedFrom, checkedFrom+len(payload))
	return checked(append(v, payload...))
}

// checked fills in the version and CRC of a value whose first five bytes were left free.
func checked(v []byte) []byte {
	v[0] = version
	binary.BigEndian.PutUint32(v[1:], crc32.Checksum(v[checkedFrom:], castagnoli))
	return v
}

// unpack returns the payload of a value, a slice of it, or ErrDamaged.
func unpack(v []byte) ([]byte, error) {
	if len(v) < checkedFrom || v[0] != version ||
		binary.BigEndian.Uint32(v[1:]) != crc32.Checksum(v[checkedFrom:], castagnoli) {
		return nil, ErrDamaged
	}
	return v[checkedFrom:], nil
}

func (l Letter) encode(at moment) []byte {
	v := make([]byte, checkedFrom, letterHeader+len(l.Line))
	v = append(v, byte(slices.Index(kinds, l.Kind)))
	for _, n := range []uint64{uint64(l.Ref), at.boot, uint64(at.uptime), uint64(at.wall), uint64(at.lived)} {
		v = binary.BigEndian.AppendUint64(v, n)
	}
	return checked(append(v, l.Line...))
}

// decode reads the value under a key into memory of its own.
func decode(ref Ref, v []byte) (Letter, moment, error) {
	l, at, err := decodeAny(v)
	if err != nil || l.Ref != ref {
		return l, at, fmt.Errorf("letter %d: %w", ref, ErrDamaged)
	}
	return l, at, nil
}

func decodeAny(v []byte) (l Letter, at moment, err error) {
	p, err := unpack(v)
	if err != nil || len(v) < letterHeader || p[0] == 0 || int(p[0]) >= len(kinds) {
		return l, at, ErrDamaged
	}
	word := func(i int) uint64 { return binary.BigEndian.Uint64(p[i:]) }
	l = Letter{Ref: Ref(word(1)), Kind: kinds[p[0]], Line: bytes.Clone(v[letterHeader:])}
	l.Urgent = laneOf(l.Kind) == Alerts
	at = moment{word(9), int64(word(17)), int64(word(25)), int64(word(33))}
	return l, at, l.readLine()
}

// lineStart is how the line of every record begins; its id follows.
const lineStart = `{"specversion":"1.0","id":"`

// readLine takes epoch and seq from the id and the hash from the body. The line is our own and under
// a CRC: there is no need to read the rest of it.
func (l *Letter) readLine() (err error) {
	rest, ok := bytes.CutPrefix(l.Line, []byte(lineStart))
	id, _, closed := bytes.Cut(rest, []byte(`"`))
	epoch, seq, cut := bytes.Cut(id, []byte("-"))
	if !ok || !closed || !cut {
		return ErrDamaged
	}
	l.Epoch = wire.Epoch(epoch)
	if l.Seq, err = strconv.ParseUint(string(seq), 10, 64); err != nil {
		return ErrDamaged
	}
	if l.Hash, err = seal.HashOf(l.Line); err != nil {
		return ErrDamaged
	}
	return nil
}

func (r Ref) key() []byte { return binary.BigEndian.AppendUint64(nil, uint64(r)) }

// refOf reads a key; anything else than eight bytes is no letter's.
func refOf(k []byte) Ref {
	if len(k) != 8 {
		return 0
	}
	return Ref(binary.BigEndian.Uint64(k))
}
