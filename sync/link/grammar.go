package link

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
)

// The packets that a broker may send to a client that never uses QoS 2 and never unsubscribes:
// MQTT 3.1.1, table 2.1. Anything else paho would act upon: a PUBCOMP it takes for a PUBACK.
const (
	connack  = 2
	publish  = 3
	puback   = 4
	suback   = 9
	pingresp = 13
)

const pingreq = 12 // the only packet that the line writes of its own, but for a PUBACK

// header is the fixed header of a packet: MQTT 3.1.1, 2.2.
type header struct {
	kind, flags byte
	size        int // of the header itself
	length      int // of what follows it
}

func (h header) qos() byte { return h.flags >> 1 & 3 }

// peekHeader looks at the next header and leaves it to be read.
func peekHeader(r *bufio.Reader) (header, error) {
	for n := 2; n <= 5; n++ {
		b, err := r.Peek(n)
		if err != nil {
			return header{}, err
		}
		if length, used := binary.Uvarint(b[1:]); used > 0 {
			return header{kind: b[0] >> 4, flags: b[0] & 15, size: 1 + used, length: int(length)}, nil
		}
	}
	return header{}, fmt.Errorf("%w: the length of a packet takes more than four bytes", ErrNotMQTT)
}

// nextPacket admits the next packet, or refuses it and stays where it is, or says why the session
// cannot go on.
func (l *line) nextPacket() error {
	h, err := peekHeader(l.in)
	switch {
	case !l.greeted && (err != nil || h.kind != connack || h.flags != 0 || h.length != 2):
		return l.foreign(err)
	case err != nil:
		return err
	case !l.greeted:
		l.greeted, l.left = true, h.size+h.length
		return l.refusal()
	case h.kind == publish && h.qos() > 1:
		return fmt.Errorf("%w: a message with QoS %d, which was never asked for", ErrNotMQTT, h.qos())
	case h.kind == publish && h.length > MaxMessage:
		return l.refuse(h)
	case h.kind == publish:
		if err := l.fits(h); err != nil {
			return err
		}
	case !l.admits(h):
		return fmt.Errorf("%w: packet %#x of %d bytes is out of place", ErrNotMQTT, h.kind<<4|h.flags, h.length)
	}
	l.left = h.size + h.length
	return nil
}

// admits says whether a packet other than PUBLISH has its place in a session and the right length.
func (l *line) admits(h header) bool {
	if h.flags != 0 {
		return false
	}
	switch h.kind {
	case pingresp:
		return h.length == 0
	case puback:
		return h.length == 2
	case suback:
		if h.length < 2 {
			return false
		}
		b, err := l.in.Peek(h.size + 2)
		return err == nil && l.asked.answered(binary.BigEndian.Uint16(b[h.size:]), h.length-2)
	}
	return false
}

// fits says whether the topic of a message, and its packet id, lie within the packet.
func (l *line) fits(h header) error {
	b, err := l.in.Peek(h.size + min(h.length, 2))
	if err != nil {
		return err
	}
	rest := h.length - 2
	if h.qos() > 0 {
		rest -= 2
	}
	if rest < 1 || int(binary.BigEndian.Uint16(b[h.size:])) > rest {
		return fmt.Errorf("%w: a message whose topic is longer than itself", ErrNotMQTT)
	}
	return nil
}

// foreign says who answered in the broker's place, by the little that was heard.
func (l *line) foreign(err error) error {
	said, _ := l.in.Peek(min(l.in.Buffered(), 60))
	first, _, _ := strings.Cut(string(said), "\r\n")
	switch {
	case len(said) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)):
		return fmt.Errorf("before any greeting%s: %w", l.wantsTLS(), err)
	case len(said) == 0:
		return err
	case strings.HasPrefix(first, "HTTP/"):
		return fmt.Errorf("%w: it answers %q, so this is a web server or a network's login page", ErrNotMQTT, first)
	case strings.HasPrefix(first, "\x15\x03"): // a TLS alert: RFC 8446, 5.1
		return fmt.Errorf("%w: it speaks TLS here, so write mqtts://", ErrNotMQTT)
	}
	return fmt.Errorf("%w: it answers %q", ErrNotMQTT, first)
}

// wantsTLS is a hint: a TLS server hangs up on a CONNECT, which it takes for a bad ClientHello.
func (l *line) wantsTLS() string {
	if _, has := l.Conn.(*tls.Conn); has {
		return ""
	}
	return ", as a port does that wants mqtts://"
}

// refusal reads the return code of the CONNACK: MQTT 3.1.1, 3.2.2.3. paho takes a code beyond the
// table for success.
func (l *line) refusal() error {
	b, err := l.in.Peek(4)
	if err != nil {
		return err
	}
	switch b[3] {
	case 0:
		return nil
	case 1:
		return errors.New("the broker does not speak MQTT 3.1.1")
	case 2:
		return errors.New("the broker refuses this client id")
	case 3:
		return errors.New("the broker is not available just now")
	case 4:
		return fmt.Errorf("%w: bad user name or password", ErrNotAuthorised)
	case 5:
		return ErrNotAuthorised
	}
	return fmt.Errorf("%w: it refuses with the unknown code %d", ErrNotMQTT, b[3])
}

// refuse reads a message that is too large and throws it away. It is acknowledged, or it would hold
// one of the broker's slots for as long as the session lasts.
func (l *line) refuse(h header) error {
	head := make([]byte, h.size+2)
	if _, err := io.ReadFull(l.in, head); err != nil {
		return err
	}
	rest := make([]byte, int(binary.BigEndian.Uint16(head[h.size:]))+2) // topic and packet id
	if _, err := io.ReadFull(l.in, rest); err != nil {
		return err
	}
	topic, id := rest[:len(rest)-2], rest[len(rest)-2:]
	if _, err := l.in.Discard(h.length - 2 - len(rest)); err != nil {
		return err
	}
	l.log.Warn("message refused", "topic", string(topic), "bytes", h.length, "limit", MaxMessage)
	if h.qos() == 0 { // no packet id: the two bytes were payload
		return nil
	}
	l.Write([]byte{puback << 4, 2, id[0], id[1]})
	return nil
}
