package vm

import (
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"
)

// monitor speaks QMP, QEMU's monitor protocol (docs/interop/qmp-spec.txt).
type monitor struct {
	conn   net.Conn
	asking sync.Mutex
	answer chan reply

	mu      sync.Mutex
	deleted map[string]chan struct{} // by the device's id; closed when the guest has let it go
}

type reply struct {
	Return json.RawMessage
	Error  *struct{ Class, Desc string }
	Event  string
	Data   struct{ Device string }
}

// answerTime is how long QEMU may take, on a machine that does other things.
const answerTime = 20 * time.Second

func newMonitor(conn net.Conn) (*monitor, error) {
	m := &monitor{conn: conn, answer: make(chan reply, 1), deleted: map[string]chan struct{}{}}
	go m.listen() // ends when QEMU closes the line
	_, err := m.ask("qmp_capabilities", nil)
	return m, err
}

// listen tells answers from events. The greeting is neither.
func (m *monitor) listen() {
	lines := json.NewDecoder(m.conn)
	defer close(m.answer)
	for {
		var r reply
		if err := lines.Decode(&r); err != nil {
			return
		}
		switch {
		case r.Event == "DEVICE_DELETED":
			m.mu.Lock()
			if gone, waited := m.deleted[r.Data.Device]; waited {
				close(gone)
				delete(m.deleted, r.Data.Device)
			}
			m.mu.Unlock()
		case r.Return != nil || r.Error != nil:
			m.answer <- r
		}
	}
}

// ask gives a command and returns its answer.
func (m *monitor) ask(command string, arguments any) (json.RawMessage, error) {
	m.asking.Lock()
	defer m.asking.Unlock()
	order := map[string]any{"execute": command}
	if arguments != nil {
		order["arguments"] = arguments
	}
	if err := json.NewEncoder(m.conn).Encode(order); err != nil {
		return nil, fmt.Errorf("QEMU %s: %w", command, err)
	}
	select {
	case r, open := <-m.answer:
		switch {
		case !open:
			return nil, fmt.Errorf("QEMU %s: it has ended", command)
		case r.Error != nil:
			return nil, fmt.Errorf("QEMU %s: %s", command, r.Error.Desc)
		}
		return r.Return, nil
	case <-time.After(answerTime):
		return nil, fmt.Errorf("QEMU %s: no answer within %s", command, answerTime)
	}
}

// unplug takes a device out and waits until it is gone.
func (m *monitor) unplug(id string) error {
	gone := make(chan struct{})
	m.mu.Lock()
	m.deleted[id] = gone
	m.mu.Unlock()
	if _, err := m.ask("device_del", map[string]any{"id": id}); err != nil {
		return err
	}
	select {
	case <-gone:
		return nil
	case <-time.After(answerTime):
		return fmt.Errorf("unplug %s: it is still there after %s", id, answerTime)
	}
}

// chip is the path of the board's GPIO chip among QEMU's objects, which depends on what else there is.
func (m *monitor) chip() (string, error) {
	const board = "/machine/unattached"
	answer, err := m.ask("qom-list", map[string]any{"path": board})
	if err != nil {
		return "", err
	}
	var parts []struct{ Name, Type string }
	if err := json.Unmarshal(answer, &parts); err != nil {
		return "", err
	}
	for _, part := range parts {
		if part.Type == "child<pl061>" {
			return board + "/" + part.Name, nil
		}
	}
	return "", fmt.Errorf("the board has no GPIO chip")
}
