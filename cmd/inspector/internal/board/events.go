package board

import (
	"fmt"
	"net/http"
	"time"
)

// aliveEvery keeps proxies from closing a stream on which nothing happens.
const aliveEvery = 15 * time.Second

// events tells a page that the cases have changed, by server-sent events; the page then asks for
// them. Every event carries the server's time in milliseconds.
func (b *board) events(w http.ResponseWriter, r *http.Request) {
	changes, cancel := b.Changes()
	defer cancel()
	stream := http.NewResponseController(w)
	_ = stream.SetWriteDeadline(time.Time{}) // a stream has no end; not every writer has a deadline
	w.Header().Set("Content-Type", "text/event-stream")
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for event := "hello"; ; {
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %d\n\n", event, b.Now().UnixMilli()); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case _, open := <-changes:
			if !open {
				return
			}
			event = "cases"
		case <-alive.C:
			event = "alive"
		}
	}
}
