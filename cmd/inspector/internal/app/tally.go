package app

import (
	"log/slog"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// tallyEvery is how often drops are said at most.
const tallyEvery = 10 * time.Second

// tally says aloud what mochi does in silence: it drops messages for a subscriber that is too slow.
// Boxes send again what the intake has not thanked for; other subscribers have lost it.
type tally struct {
	mqtt.HookBase
	log *slog.Logger

	mu      sync.Mutex
	dropped int // not said yet
	said    time.Time
}

// ID names the hook.
func (*tally) ID() string { return "tally" }

// Provides tells mochi what to tell.
func (*tally) Provides(b byte) bool { return b == mqtt.OnPublishDropped }

// OnPublishDropped counts one message that a client will not get.
func (t *tally) OnPublishDropped(cl *mqtt.Client, _ packets.Packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropped++
	if now := time.Now(); now.Sub(t.said) >= tallyEvery {
		t.log.Warn("built-in broker drops messages for a slow subscriber", "client", cl.ID, "dropped", t.dropped)
		t.dropped, t.said = 0, now
	}
}
