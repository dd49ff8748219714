package devicetest

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// inputQueue is how many events the kernel keeps for whoever has opened a keyboard (evdev.c,
// EVDEV_MIN_BUFFER_SIZE).
const inputQueue = 64

// OpenKeypad is a Keypad that somebody has opened and grabbed.
type OpenKeypad struct {
	pad   *Keypad
	queue []input // guarded by the keypad; the oldest first
	whole int     // how many of them are in packets that are whole: only these can be read
	bell  chan struct{}
	ended chan struct{}
	once  sync.Once
	reads int
}

// add queues an event and reports whether others had to be dropped for it: then only SYN_DROPPED and
// itself are left. It is called with the keypad locked.
func (o *OpenKeypad) add(e input) (dropped bool) {
	o.queue = append(o.queue, e)
	if len(o.queue) == inputQueue {
		o.queue, o.whole, dropped = []input{{at: e.at, code: 3}, e}, 0, true
	}
	if e.kind == 0 && e.code == 0 {
		o.whole = len(o.queue)
		o.ring()
	}
	return dropped
}

func (o *OpenKeypad) ring() {
	select {
	case o.bell <- struct{}{}:
	default:
	}
}

// end is called with the keypad locked.
func (o *OpenKeypad) end() { o.once.Do(func() { close(o.ended) }) }

// Read gives whole events, what waits or what comes within timeout; ENODEV where the keypad was
// pulled, whatever still waits.
func (o *OpenKeypad) Read(raw []byte, timeout time.Duration) (n int, err error) {
	o.pad.mu.Lock()
	o.reads++
	o.pad.mu.Unlock()
	late := time.NewTimer(timeout)
	defer late.Stop()
	for {
		if n, err = o.take(raw); n > 0 || err != nil {
			return n, err
		}
		select {
		case <-o.bell:
		case <-o.ended:
		case <-late.C:
			return 0, nil
		}
	}
}

func (o *OpenKeypad) take(raw []byte) (n int, err error) {
	o.pad.mu.Lock()
	defer o.pad.mu.Unlock()
	if err := o.gone(); err != nil {
		return 0, err
	}
	for ; o.whole > 0; o.whole-- {
		event := o.queue[0].bytes()
		if len(raw)-n < len(event) {
			break
		}
		n += copy(raw[n:], event)
		o.queue = o.queue[1:]
	}
	return n, nil
}

func (o *OpenKeypad) gone() error {
	select {
	case <-o.ended:
		return fmt.Errorf("read keypad: %w", syscall.ENODEV)
	default:
		return nil
	}
}

// Down sets the bits of keys that are down, and takes the events of keys out of the queue, since the
// state has them in it.
func (o *OpenKeypad) Down(keys []byte) error {
	o.pad.mu.Lock()
	defer o.pad.mu.Unlock()
	for code, down := range o.pad.down {
		if down {
			keys[code/8] |= 1 << (code % 8)
		}
	}
	before := len(o.queue)
	o.queue = slices.DeleteFunc(o.queue, func(e input) bool { return e.kind == 1 })
	o.whole = max(0, o.whole-(before-len(o.queue)))
	return o.gone()
}

// Has sets the bits of the keys that the keypad has.
func (o *OpenKeypad) Has(keys []byte) error {
	o.pad.mu.Lock()
	defer o.pad.mu.Unlock()
	for _, code := range o.pad.has {
		keys[code/8] |= 1 << (code % 8)
	}
	return o.gone()
}

// Reads counts the calls of Read, so that a test can see a loop that spins.
func (o *OpenKeypad) Reads() int {
	o.pad.mu.Lock()
	defer o.pad.mu.Unlock()
	return o.reads
}

// Close gives the keypad back.
func (o *OpenKeypad) Close() error {
	o.pad.mu.Lock()
	defer o.pad.mu.Unlock()
	if o.pad.open != o {
		return fmt.Errorf("close keypad: %w", syscall.EBADF)
	}
	o.pad.open = nil
	o.end()
	return nil
}
