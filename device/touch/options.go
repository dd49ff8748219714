package touch

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"
)

// Options says where the page is served, what stands on it and how it sounds.
type Options struct {
	// Listen is a loopback address with a port, 127.0.0.1:8090 when empty. Port 0 takes a free one;
	// no host is 127.0.0.1, never every interface.
	Listen string
	// Uptime is the boot time now (CLOCK_BOOTTIME). Required.
	Uptime func() time.Duration
	// Hotline is a telephone number to show, at most 40 characters; "" shows none.
	Hotline string
	// Languages are those of the page, 1 to 8, the box's own first, as zh and en; empty: zh, en and
	// whatever else Words holds.
	Languages []string
	// Words is a folder of NAME.json, one a language, that add languages and reasons or say something
	// in other words; "" is what is shipped, in zh and en.
	Words string
	// Voice is what the page says aloud.
	Voice Voice
	// Log receives what a technician should know; nil discards it.
	Log *slog.Logger
}

// Voice is how the page sounds. The loudspeaker never says a level, so that nobody behind the counter
// hears one.
type Voice struct {
	// Folder holds recorded sentences, as zh/please.opus; "" leaves all to the browser's own voice,
	// if it has one.
	Folder string
	// Mute says nothing at all.
	Mute bool
	// Volume is 1 to 100 per cent, default 60; from QuietFrom to QuietTo it is QuietVolume, default 25.
	Volume, QuietVolume int
	// QuietFrom and QuietTo are times of day, from midnight by the box's clock, and may span it; both 0
	// are no quiet hours.
	QuietFrom, QuietTo time.Duration
	// Earphones offers to have every level spoken. Only for a box whose one sound output is a socket
	// for earphones: a page cannot tell where its sound goes.
	Earphones bool
}

const maxLanguages = 8

func (o Options) withDefaults() Options {
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:8090")
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Voice.Volume = cmp.Or(o.Voice.Volume, 60)
	o.Voice.QuietVolume = cmp.Or(o.Voice.QuietVolume, 25)
	return o
}

func (o Options) validate() error {
	if o.Uptime == nil {
		return errors.New("no Uptime: a press needs its boot time")
	}
	if n := utf8.RuneCountInString(o.Hotline); n > 40 {
		return fmt.Errorf("hotline of %d characters: want at most 40", n)
	}
	return o.Voice.validate()
}

func (v Voice) validate() error {
	day := func(at time.Duration) bool { return at >= 0 && at < 24*time.Hour }
	switch {
	case v.Volume < 1 || v.Volume > 100:
		return fmt.Errorf("volume %d: want 1 to 100", v.Volume)
	case v.QuietVolume < 1 || v.QuietVolume > 100:
		return fmt.Errorf("quiet volume %d: want 1 to 100", v.QuietVolume)
	case !day(v.QuietFrom) || !day(v.QuietTo):
		return fmt.Errorf("quiet hours %s to %s: want two times of day", v.QuietFrom, v.QuietTo)
	}
	return nil
}
