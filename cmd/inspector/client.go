package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"syscall"

	"evalpad/cmd/inspector/internal/app"
	"evalpad/cmd/inspector/internal/board"
	"evalpad/cmd/internal/command"
	"evalpad/cmd/internal/config"
)

// desk asks the running inspector over its socket, by the same API that the page speaks.
type desk struct {
	dir  string
	http *http.Client
}

func deskOf(s *command.Settings) (*desk, error) {
	i, err := config.ReadInspector(s.Config)
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(i.DataDir, app.SocketName)
	return &desk{i.DataDir, &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}, nil
}

var errNotRunning = errors.New("no inspector is running here")

// ask sends body, nil for none, and reads the answer into v.
func (d *desk) ask(ctx context.Context, method, path string, body, v any) error {
	res, err := d.open(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}

// open returns an answer that is 200; any other is an error in the inspector's words.
func (d *desk) open(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://inspector"+path, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := d.http.Do(req)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w (data folder %s); start it with: inspector serve", errNotRunning, d.dir)
	case err != nil:
		return nil, fmt.Errorf("ask the inspector: %w", err)
	case res.StatusCode != http.StatusOK:
		defer res.Body.Close()
		return nil, refusal(res)
	}
	return res, nil
}

func refusal(res *http.Response) error {
	var t board.Trouble
	if err := json.NewDecoder(io.LimitReader(res.Body, 8<<10)).Decode(&t); err != nil || t.Error == "" {
		return fmt.Errorf("the inspector answered %s", res.Status)
	}
	return errors.New(t.Error)
}
