package vm

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// lineNames are the board's GPIO lines by offset, as kernel.sh names them.
var lineNames = []string{"GPIO17", "GPIO27", "GPIO22", "GPIO23", "GPIO24", "GPIO25", "GPIO5", "GPIO6"}

// Offset is where a line lies on the chip, -1 for a line that the board does not have.
func Offset(line string) int { return slices.Index(lineNames, line) }

// lines sets the level of the board's GPIO lines from outside, over QEMU's qtest socket. The kernel
// sees what it would see of a wire: the chip's interrupt, and a level.
type lines struct {
	mu      sync.Mutex
	conn    net.Conn
	answers *bufio.Scanner
	chip    string
}

// newLines lets every line go: a key that is not pressed is high, as with a pull-up.
func newLines(conn net.Conn, chip string) (*lines, error) {
	l := &lines{conn: conn, answers: bufio.NewScanner(conn), chip: chip}
	for offset := range lineNames {
		if err := l.set(offset, true); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// set returns when QEMU has put the level on the line.
func (l *lines) set(offset int, high bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	level := 0
	if high {
		level = 1
	}
	if err := l.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(l.conn, "set_irq_in %s unnamed-gpio-in %d %d\n", l.chip, offset, level); err != nil {
		return fmt.Errorf("set line %d: %w", offset, err)
	}
	if !l.answers.Scan() {
		return fmt.Errorf("set line %d: QEMU has ended: %w", offset, l.answers.Err())
	}
	if answer := l.answers.Text(); !strings.HasPrefix(answer, "OK") {
		return fmt.Errorf("set line %d: QEMU says %q", offset, answer)
	}
	return nil
}

// Move moves a key's contact, which pulls its line low, and waits after each step as long as it says. It
// returns by how much this side was late with a step at most.
func (m *Machine) Move(line string, steps []Step) (late time.Duration, err error) {
	offset := Offset(line)
	for _, step := range steps {
		began := time.Now()
		if err := m.lines.set(offset, !step.Closed); err != nil {
			return late, err
		}
		time.Sleep(step.For)
		late = max(late, time.Since(began)-step.For)
	}
	return late, nil
}
