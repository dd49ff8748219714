package devicetest

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Keypad is a USB keypad as the kernel's input device shows it (drivers/input/evdev.c): a key that
// moves makes a packet of events, whoever looks; packets wait in a queue, and where that is full all
// of them are dropped but for a word that says so; reading the keys' state takes their events out of
// the queue; a keypad that is pulled ends every read at once. Make one with NewKeypad.
type Keypad struct {
	uptime func() time.Duration
	mu     sync.Mutex
	has    []uint16
	down   map[uint16]bool
	gone   bool          // pulled
	refuse syscall.Errno // of Open, 0 is none
	wall   bool          // a kernel that stamps with the wall clock alone
	open   *OpenKeypad
	typed  []uint16 // keys that reached a console
	drops  int
}

// NewKeypad makes a keypad with these keys by their codes in the kernel. Its kernel stamps events
// with uptime.
func NewKeypad(uptime func() time.Duration, has ...uint16) *Keypad {
	return &Keypad{uptime: uptime, has: has, down: map[uint16]bool{}}
}

// input is one event. The words of linux/input-event-codes.h are said anew here.
type input struct {
	at         time.Duration
	kind, code uint16
	value      int32
}

var packetEnd = input{} // EV_SYN SYN_REPORT 0

// Set moves a key.
func (k *Keypad) Set(code uint16, down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down[code] == down || k.gone {
		return
	}
	k.down[code] = down
	if down && k.open == nil {
		k.typed = append(k.typed, code)
	}
	value := int32(0)
	if down {
		value = 1
	}
	scan := input{kind: 4, code: 4, value: 0x70000 + int32(code)} // EV_MSC MSC_SCAN comes before each key
	k.packet(scan, input{kind: 1, code: code, value: value}, packetEnd)
}

// Press moves a key down, waits, and moves it up.
func (k *Keypad) Press(code uint16, held time.Duration) {
	k.Set(code, true)
	time.Sleep(held)
	k.Set(code, false)
}

// Hold holds a key as Press does while the kernel repeats it: 33 times a second after a quarter of
// one.
func (k *Keypad) Hold(code uint16, held time.Duration) {
	k.Set(code, true)
	time.Sleep(250 * time.Millisecond)
	for until := k.uptime() + held - 250*time.Millisecond; k.uptime() < until; time.Sleep(30 * time.Millisecond) {
		k.mu.Lock()
		k.packet(input{kind: 1, code: code, value: 2}, input{value: 1})
		k.mu.Unlock()
	}
	k.Set(code, false)
}

// packet is called with the keypad locked.
func (k *Keypad) packet(list ...input) {
	if k.open == nil {
		return
	}
	for _, e := range list {
		e.at = k.uptime()
		if k.wall {
			e.at += 1_700_000_000 * time.Second
		}
		if k.open.add(e) {
			k.drops++
		}
	}
}

// Unplug pulls the keypad. The kernel lets its keys go, and nobody can read what waits any more.
func (k *Keypad) Unplug() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone = true
	clear(k.down)
	if k.open != nil {
		k.open.end()
	}
}

// Plug plugs it in again. Its node must be opened anew.
func (k *Keypad) Plug() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone = false
}

// Refuse lets Open fail with the kernel's error, as EBUSY where another program has grabbed the
// keypad; 0 ends it.
func (k *Keypad) Refuse(with syscall.Errno) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuse = with
}

// StampWithWallClock makes the kernel one that knows no boot time.
func (k *Keypad) StampWithWallClock() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wall = true
}

// Typed gives the keys that went down while nobody had grabbed the keypad: a console has them.
func (k *Keypad) Typed() []uint16 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.typed)
}

// IsOpen reports whether somebody has grabbed the keypad.
func (k *Keypad) IsOpen() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open != nil
}

// Drops counts how often the queue was full.
func (k *Keypad) Drops() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.drops
}

// Open opens and grabs the keypad. A port is not looked at: there is one.
func (k *Keypad) Open(port string) (*OpenKeypad, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.gone:
		return nil, fmt.Errorf("open %s: %w", port, syscall.ENOENT)
	case k.refuse != 0:
		return nil, fmt.Errorf("open %s: %w", port, k.refuse)
	case k.open != nil:
		return nil, fmt.Errorf("open %s: %w", port, syscall.EBUSY)
	}
	k.open = &OpenKeypad{pad: k, bell: make(chan struct{}, 1), ended: make(chan struct{})}
	return k.open, nil
}

// bytes is the event as the kernel gives it: two machine words of time, and then the rest.
func (e input) bytes() (raw []byte) {
	native := binary.NativeEndian
	for _, word := range []time.Duration{e.at / time.Second, e.at % time.Second / time.Microsecond} {
		if bits.UintSize == 64 {
			raw = native.AppendUint64(raw, uint64(word))
		} else {
			raw = native.AppendUint32(raw, uint32(word))
		}
	}
	return native.AppendUint32(native.AppendUint16(native.AppendUint16(raw, e.kind), e.code), uint32(e.value))
}
