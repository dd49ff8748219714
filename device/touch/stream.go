package touch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// stream tells one browser what is shown, now and at every change, until it or the page goes. What is
// shown is repeated every beat.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	if !p.viewers.enter() {
		http.Error(w, "too many browsers are open", http.StatusServiceUnavailable)
		return
	}
	defer p.viewers.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		now, changed := p.screen.look(p.options.Uptime())
		if tell(w, now) != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		case <-beats.C:
		}
	}
}

// giveUp is when a browser that does not read is given up.
const giveUp = 10 * time.Second

// tell writes one event.
func tell(w http.ResponseWriter, now view) error {
	conn := http.NewResponseController(w)
	_ = conn.SetWriteDeadline(time.Now().Add(giveUp)) // a test's recorder has none
	data, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "id: %s\nevent: state\ndata: %s\n\n", now.Question, data); err != nil {
		return err
	}
	return conn.Flush()
}
