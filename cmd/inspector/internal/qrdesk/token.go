package qrdesk

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// How long the front end's token may be, in characters.
const (
	minToken = 24
	maxToken = 256
)

// token is the SHA-256 of what the front end has to know: hashes are of one length, so that comparing
// them tells nothing of it.
type token [sha256.Size]byte

// readToken reads the token file. The errors say what to do, and never what is in the file.
func readToken(path string) (token, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe without a writer must not keep us
	if err != nil {
		return token{}, fmt.Errorf("read the token file: %w; make one: (umask 077; openssl rand -hex 32 >%s)", err, path)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return token{}, fmt.Errorf("read the token file: %w", err)
	case !info.Mode().IsRegular():
		return token{}, fmt.Errorf("read the token file %s: it is no file", path)
	case info.Mode().Perm()&0o077 != 0:
		return token{}, fmt.Errorf("read the token file %s: others can read it (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxToken+3))
	if err != nil {
		return token{}, fmt.Errorf("read the token file: %w", err)
	}
	word := strings.TrimRight(string(text), "\r\n")
	if unseen := func(r rune) bool { return r <= ' ' || r > '~' }; strings.ContainsFunc(word, unseen) {
		return token{}, errors.New("read the token file " + path + ": a token holds visible ASCII characters only, on one line")
	}
	if len(word) < minToken || len(word) > maxToken {
		return token{}, fmt.Errorf("read the token file %s: a token of %d characters: write %d to %d", path, min(len(word), maxToken+1), minToken, maxToken)
	}
	return sha256.Sum256([]byte(word)), nil
}

// isShown reports whether the request shows the token.
func (t token) isShown(r *http.Request) bool {
	scheme, word, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	shown := sha256.Sum256([]byte(word))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(shown[:], t[:]) == 1
}
