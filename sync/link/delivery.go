package link

import (
	"fmt"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Delivery is one published message on its way to the broker.
type Delivery struct {
	session *Session
	token   mqtt.Token
	topic   string
	qos     byte
	number  int64 // among all messages of the session, from 1
}

// Done is closed when the broker has acknowledged the message (with QoS 0: when it was written), or
// when it no longer can.
func (d *Delivery) Done() <-chan struct{} { return d.token.Done() }

// Err is nil only if the broker sent a PUBACK for this message (with QoS 0: if it was written). It
// is ErrPending until Done is closed; after a loss it says why the session ended, and the message
// may or may not have reached the broker.
func (d *Delivery) Err() error {
	select {
	case <-d.token.Done():
	default:
		return fmt.Errorf("deliver to %s: %w", d.topic, ErrPending)
	}
	if err := d.token.Error(); err != nil {
		return fmt.Errorf("deliver to %s: not acknowledged: %w", d.topic, explain(d.session.reason(err)))
	}
	if d.qos == 0 && d.session.line.published.Load() < d.number { // swallowed by a line that was down
		return fmt.Errorf("deliver to %s: not written: %w", d.topic, d.session.reason(ErrClosed))
	}
	return nil
}
