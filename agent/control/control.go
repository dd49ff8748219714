// Package control is the agent's own door on the box: a unix socket, mode 0600, on which a running
// agent answers `evalpad status` and `evalpad outbox`, so that nobody opens its store beside it.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// ErrNotRunning is returned when nobody answers on the socket.
var ErrNotRunning = errors.New("no agent is running here")

// ErrTaken is returned when another agent answers on the socket.
var ErrTaken = errors.New("another agent is running here")

// Door is a listening socket. Close it when Serve has returned.
type Door struct {
	path     string
	listener net.Listener
}

// Open listens at path. A socket that a killed agent has left is taken over; one that answers is not.
func Open(path string) (*Door, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("open %s: %w", path, ErrTaken)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	mask := syscall.Umask(0o177) // a socket is born 0600, not made so afterwards
	l, err := net.Listen("unix", path)
	syscall.Umask(mask)
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	return &Door{path: path, listener: l}, nil
}

// Serve answers until ctx is done; it returns nil then.
func (d *Door) Serve(ctx context.Context, answers http.Handler) error {
	server := &http.Server{Handler: answers, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", d.path, err)
	}
	return nil
}

// Ask gets one answer, as /status, from the agent at the socket and copies it to w.
func Ask(ctx context.Context, socket, question string, w io.Writer) error {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://evalpad"+question, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", question, err)
	}
	res, err := client.Do(req)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return ErrNotRunning
	}
	if err != nil {
		return fmt.Errorf("ask the agent: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		words, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return fmt.Errorf("ask %s: %s: %s", question, res.Status, words)
	}
	_, err = io.Copy(w, res.Body)
	return err
}

// Say writes v as the answer.
func Say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the asker has gone: nobody to tell
}

// Close removes the socket.
func (d *Door) Close() error {
	if err := d.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close %s: %w", d.path, err)
	}
	return nil
}
