package serialpad

import (
	"slices"
	"time"

	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// sameWithin is how long after its last sight a frame that comes again is still the same press. A
// pad that is not thanked sends again in half a second or so; a customer's second press of the same
// key that soon is one with the first.
const sameWithin = 2 * time.Second

// sameNumber is that time for pads that number their messages, so that no second press looks the same:
// a pad may be slow to repeat itself. Numbers come round after 255 messages.
const sameNumber = 60 * time.Second

// maxUnthanked bounds the list; a desk that has left so many signals unanswered has other troubles.
const maxUnthanked = 64

// unthanked is the list of frames that the pads may be sending again, oldest first.
type unthanked struct {
	list   []waiting
	within time.Duration // sameWithin, or sameNumber
}

// waiting is one frame that was signalled and whose pad has not been thanked.
type waiting struct {
	id     string
	frame  profiles.Frame
	key    bool   // a customer's, whatever came of it
	thanks string // its acknowledgement; "" for a refused frame, which gets none
	seen   time.Duration
	prompt bool
	safe   bool // its show has come, and the acknowledgement is held back
	failed bool // it was not kept: the same frame again is a new signal
}

// again reports whether f, seen now, is a frame already signalled that its pad sends again.
func (u *unthanked) again(f profiles.Frame, now time.Duration) bool {
	for i := range slices.Backward(u.list) {
		w := &u.list[i]
		if w.frame == f && !w.failed && now-w.seen < u.within {
			w.seen = now
			return true
		}
	}
	return false
}

// add notes a signal. Refused frames are noted as well, so that a pad that goes on sending one is
// counted once; they make way first when the list is full.
func (u *unthanked) add(s device.Signal, f profiles.Frame, thanks string, key bool) {
	u.list = slices.DeleteFunc(u.list, func(w waiting) bool {
		return w.thanks == "" && s.At-w.seen >= u.within
	})
	if len(u.list) >= maxUnthanked {
		first := max(0, slices.IndexFunc(u.list, func(w waiting) bool { return w.thanks == "" }))
		u.list = slices.Delete(u.list, first, first+1)
	}
	u.list = append(u.list, waiting{id: s.ID, frame: f, key: key, thanks: thanks, seen: s.At, prompt: s.Kind == device.Prompt})
}

// shown notes that the signal is safe and returns the acknowledgement to write now, or "", and the
// frames that it is for.
//
// An acknowledgement does not say which frame it is for: the short one is the same for every key,
// and the echo the same for the same key. So it is held back while a younger frame that the pad
// would take it for is not safe yet. One acknowledgement then thanks for all that are.
func (u *unthanked) shown(id string) (thanks string, frames []profiles.Frame) {
	at := slices.IndexFunc(u.list, func(w waiting) bool { return w.id == id && w.thanks != "" })
	if at < 0 {
		return "", nil
	}
	u.list[at].safe = true
	thanks = u.list[at].thanks
	youngest := u.youngest(thanks)
	if !youngest.safe {
		return "", nil
	}
	var left []waiting
	for _, w := range u.list {
		if w.thanks == thanks && (w.safe || w.frame == youngest.frame) {
			frames = append(frames, w.frame)
		} else {
			left = append(left, w)
		}
	}
	u.list = left
	return thanks, frames
}

func (u *unthanked) youngest(thanks string) waiting {
	for _, w := range slices.Backward(u.list) {
		if w.thanks == thanks {
			return w
		}
	}
	return waiting{}
}

// fail notes that what is not safe is not kept either. It stays in the list because its pad still
// waits to be thanked, and because a desk may find it safe after all.
func (u *unthanked) fail() {
	for i := range u.list {
		u.list[i].failed = !u.list[i].safe
	}
}

// isPrompt reports whether the signal is a prompt that has not been thanked for.
func (u *unthanked) isPrompt(id string) bool {
	return slices.ContainsFunc(u.list, func(w waiting) bool { return w.id == id && w.prompt })
}

// keyWaits reports whether the pad may be sending a customer's key that is not safe. One that was
// refused counts as well: its pad must not be thanked by mistake either.
func (u *unthanked) keyWaits(now time.Duration) bool {
	return slices.ContainsFunc(u.list, func(w waiting) bool { return w.key && !w.safe && now-w.seen < sameWithin })
}

// carry takes the list over a loss of the cable: a pad that was repeating itself goes on as if nothing
// had been.
func (u *unthanked) carry(lost, back time.Duration) {
	u.list = slices.DeleteFunc(u.list, func(w waiting) bool { return lost-w.seen >= u.within })
	for i := range u.list {
		u.list[i].seen = back
	}
}
