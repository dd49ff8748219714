package link

import (
	"encoding/binary"
	"sync"
)

const subscribe = 8

// asked remembers how many filters each SUBSCRIBE named that is not answered yet. paho would index
// beyond its tokens on a SUBACK with more codes than that, and take one with the number of a PUBLISH
// for its PUBACK.
type asked struct {
	mu   sync.Mutex
	open map[uint16]int
}

// ask looks at a packet that goes out: MQTT 3.1.1, 3.8.
func (a *asked) ask(packet []byte) {
	if packet[0]>>4 != subscribe {
		return
	}
	_, size := binary.Uvarint(packet[1:])
	id, filters := binary.BigEndian.Uint16(packet[1+size:]), packet[3+size:]
	n := 0
	for ; len(filters) > 2; n++ { // two bytes of length, the filter, its QoS
		filters = filters[3+int(binary.BigEndian.Uint16(filters)):]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[uint16]int{}
	}
	a.open[id] = n
}

// answered says whether a SUBACK with so many return codes was waited for; then it no longer is.
func (a *asked) answered(id uint16, codes int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, open := a.open[id]
	delete(a.open, id)
	return open && n == codes
}
