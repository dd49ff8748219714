package uplink

import "evalpad/sync/outbox"

// pageSize is how many letters are read at a time: a read transaction held open makes bbolt's file
// grow, so each page is copied and let go.
const pageSize = 256

// lane walks one lane of the outbox in order, each letter once a session.
type lane struct {
	of    outbox.Lane
	after outbox.Ref
	page  []outbox.Letter
	dry   bool
	again bool // something was put: a dry lane is worth a look
}

// peek is the next letter of the lane that is not parked.
func (l *lane) peek(q Queue, parked func(outbox.Letter) bool) (outbox.Letter, bool, error) {
	for {
		if len(l.page) == 0 && l.dry && !l.again {
			return outbox.Letter{}, false, nil
		}
		if len(l.page) == 0 {
			page, err := q.Waiting(l.of, l.after, pageSize)
			if err != nil {
				return outbox.Letter{}, false, err
			}
			l.page, l.dry, l.again = page, len(page) < pageSize, false
			continue
		}
		if !parked(l.page[0]) {
			return l.page[0], true, nil
		}
		l.take()
	}
}

// take moves past the letter that peek showed.
func (l *lane) take() {
	l.after = l.page[0].Ref
	l.page = l.page[1:]
}
