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
		now, changed := p.screen.look()
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

// tell writes one event. A browser that does not read for two beats is given up.
func tell(w http.ResponseWriter, now view) error {
	conn := http.NewResponseController(w)
	_ = conn.SetWriteDeadline(time.Now().Add(2 * beat)) // a test's recorder has none
	data, err := json.Marshal(now)
	if err != nil {
		return err
	}
	// The browser comes back a second after a connection is lost.
	if _, err := fmt.Fprintf(w, "retry: 1000\nid: %s\nevent: state\ndata: %s\n\n", now.Question, data); err != nil {
		return err
	}
	return conn.Flush()
}
