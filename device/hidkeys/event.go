package hidkeys

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// Types, codes and values of events (linux/input-event-codes.h).
const (
	evSyn, evKey          = 0x00, 0x01
	synReport, synDropped = 0, 3
	valueUp, valueDown    = 0, 1 // and 2 is the repetition of a key that is held
	keyBits               = 0x300
)

// struct input_event: two machine words of time, then type, code and value.
const (
	word      = bits.UintSize / 8
	eventSize = 2*word + 8
)

// event is one of the kernel's.
type event struct {
	at         time.Duration // by the clock that the device was told to use
	kind, code uint16
	value      int32
}

// events reads the whole ones; the kernel gives no others.
func events(raw []byte) (list []event) {
	native := binary.NativeEndian
	for ; len(raw) >= eventSize; raw = raw[eventSize:] {
		rest := raw[2*word:]
		list = append(list, event{
			at:   time.Duration(number(raw))*time.Second + time.Duration(number(raw[word:]))*time.Microsecond,
			kind: native.Uint16(rest), code: native.Uint16(rest[2:]), value: int32(native.Uint32(rest[4:])),
		})
	}
	return list
}

// number reads a machine word. No time that is meant here needs more than 32 bits of seconds.
func number(raw []byte) uint32 {
	if word == 8 {
		return uint32(binary.NativeEndian.Uint64(raw))
	}
	return binary.NativeEndian.Uint32(raw)
}

// stamp is the boot time of an event. A time that cannot be one, as that of a kernel which knows no
// other clock than the wall's, is taken for the time of its reading.
func stamp(at, now time.Duration) time.Duration {
	if at > now || now-at > time.Minute {
		return now
	}
	return at
}

// isSet tells a key's bit, as EVIOCGKEY sets it.
func isSet(keys []byte, code uint16) bool {
	return int(code) < 8*len(keys) && keys[code/8]>>(code%8)&1 == 1
}
