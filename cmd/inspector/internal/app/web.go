package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SocketName is the socket in the data folder on which the same pages and the same API are served
// as on web.listen, for the commands of this machine's administrator.
const SocketName = "inspector.sock"

// maxSocketPath is the longest path of a socket that Linux takes, in bytes (unix(7)).
const maxSocketPath = 107

// Bounds of one request. A handler that streams lifts the write deadline for itself, by
// http.ResponseController.
const (
	headTime   = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = time.Minute
	maxHead    = 16 << 10
	finishTime = time.Second // for requests under way when we leave
)

// openSocket listens in the data folder, mode 0600 from its first moment: it is made in a folder of
// ours alone and moved. Whatever stood there is left over from a crash, since we hold the lock.
func openSocket(dir string) (net.Listener, error) {
	path := filepath.Join(dir, SocketName)
	aside, err := os.MkdirTemp(dir, "sock-") // mode 0700
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	defer os.RemoveAll(aside)
	made := filepath.Join(aside, "s")
	if len(made) > maxSocketPath {
		return nil, fmt.Errorf("open socket %s: the path is too long for a socket, choose a shorter data_dir", path)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // it would remove the name that we move away from
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		l.Close()
		return nil, fmt.Errorf("open socket: %w", err)
	}
	return &socket{l, path}, nil
}

// socket removes its name when it closes.
type socket struct {
	net.Listener
	path string
}

// Close closes the listener.
func (s *socket) Close() error {
	err := os.Remove(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, s.Listener.Close())
}

// localKey marks the requests that came over the socket.
type localKey struct{}

// isLocal reports whether a request came over the socket, which only this machine's administrator
// can open.
func isLocal(r *http.Request) bool { return r.Context().Value(localKey{}) != nil }

// serveWeb serves one handler on all listeners until ctx is done. Streams end then at once, other
// requests within finishTime.
func serveWeb(ctx context.Context, handler http.Handler, log *slog.Logger, listeners ...net.Listener) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHead,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if c.LocalAddr().Network() == "unix" {
				return context.WithValue(ctx, localKey{}, true)
			}
			return ctx
		},
	}
	failed := make(chan error, len(listeners))
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	defer serving.Wait()
	select {
	case err := <-failed:
		server.Close()
		return err
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.Background(), finishTime)
	defer cancel()
	if err := server.Shutdown(late); err != nil {
		server.Close() // a request that does not end is cut; its client asks again
	}
	return nil
}

// serverTLS reads a certificate for a listener, and the authorities whose clients may come: with
// them, a client must show one. Empty paths make nil.
func serverTLS(cert, key, clientCA string) (*tls.Config, error) {
	if cert == "" && key == "" && clientCA == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	if clientCA == "" {
		return config, nil
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.ClientCAs, err = authorities(clientCA)
	return config, err
}

// openWeb listens where the pages are to be served.
func (a *App) openWeb() error {
	if a.o.Board == nil {
		return nil
	}
	if err := a.openPort(); err != nil || a.o.NoSocket {
		return err
	}
	l, err := openSocket(a.o.DataDir)
	if err != nil {
		return err
	}
	a.opened.push("socket", closed(l))
	a.web, a.addrs.Socket = append(a.web, l), filepath.Join(a.o.DataDir, SocketName)
	return nil
}

func (a *App) openPort() error {
	if a.o.Web.Listen == "" {
		return nil
	}
	l, url, err := a.listen("web", a.o.Web)
	if err != nil {
		return err
	}
	a.web, a.addrs.Web = append(a.web, l), url
	return nil
}

// listen opens the listener of a part that is configured under that name, and says what its address is.
func (a *App) listen(name string, w Web) (l net.Listener, url string, err error) {
	config, err := serverTLS(w.Cert, w.Key, "")
	if err != nil {
		return nil, "", err
	}
	if l, err = net.Listen("tcp", w.Listen); err != nil {
		return nil, "", fmt.Errorf("%s.listen: %w", name, err)
	}
	a.opened.push(name+"'s listener", closed(l))
	if config == nil {
		return l, "http://" + l.Addr().String(), nil
	}
	config.NextProtos = []string{"h2", "http/1.1"}
	return tls.NewListener(l, config), "https://" + l.Addr().String(), nil
}

// openQR listens where the bank's front end brings ratings from phones.
func (a *App) openQR() (err error) {
	if a.o.QR.Listen == "" || a.o.QRDesk == nil {
		return nil
	}
	if a.qrDesk, err = a.o.QRDesk(a.deps()); err != nil {
		return err
	}
	a.qr, a.addrs.QR, err = a.listen("qr", a.o.QR)
	return err
}
