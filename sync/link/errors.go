package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Why a session does not begin, or why it ended. Compare with errors.Is.
var (
	// ErrNotMQTT: whoever answers does not speak MQTT 3.1.1, or breaks its rules.
	ErrNotMQTT = errors.New("this is no MQTT broker")
	// ErrNotAuthorised: the broker knows us and does not want us.
	ErrNotAuthorised = errors.New("the broker says: not authorised")
	// ErrSubscribeRefused: the broker does not grant a filter; the session lives.
	ErrSubscribeRefused = errors.New("the broker refuses the subscription")
	// ErrSilent: nothing at all was heard for as long as a living broker can be mute.
	ErrSilent = errors.New("the broker has gone silent")
	// ErrStuck: the line took nothing for WriteTimeout.
	ErrStuck = errors.New("the line takes no more data")
	// ErrOverrun: the inbox stayed full; what was not acknowledged comes again.
	ErrOverrun = errors.New("incoming messages were not taken in time")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("the session was closed")
	// ErrPending: a delivery is not done yet.
	ErrPending = errors.New("not acknowledged yet")
)

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// explain puts a sentence for a technician before an error of the network's.
func explain(err error) error {
	if s := sentence(err); s != "" {
		return fmt.Errorf("%s: %w", s, err)
	}
	return err
}

func sentence(err error) string {
	if s := certificateSentence(err); s != "" {
		return s
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("the name %q cannot be looked up", dns.Name)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // a TLS alert
		return "the broker refuses our certificate or TLS 1.3"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way leads there"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "no answer in time"
	case errors.Is(err, syscall.ETIMEDOUT):
		return "the line is dead"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the line was cut"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the broker hung up"
	}
	return ""
}

func certificateSentence(err error) string {
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the broker's certificate is for %s, not for %s", namesIn(name.Certificate), name.Host)
	}
	if authority, ok := errors.AsType[x509.UnknownAuthorityError](err); ok && authority.Cert != nil {
		return fmt.Sprintf("the broker's certificate is from %q, which is not among the trusted CAs",
			authority.Cert.Issuer.CommonName)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		const day = "2006-01-02 15:04"
		return fmt.Sprintf("the broker's certificate is good from %s to %s UTC only, or this machine's clock is wrong",
			invalid.Cert.NotBefore.UTC().Format(day), invalid.Cert.NotAfter.UTC().Format(day))
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the broker does not speak TLS on this port"
	}
	return ""
}

func namesIn(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name at all"
	}
	return strings.Join(names, ", ")
}
