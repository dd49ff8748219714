package counterdesk

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

// How long a token may be, in characters.
const (
	minToken = 24
	maxToken = 256
)

// token is the SHA-256 of what a caller has to know: hashes are of one length, so that comparing them
// tells nothing of it.
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
	if err := checkToken(word); err != nil {
		return token{}, fmt.Errorf("read the token file %s: %w", path, err)
	}
	return sha256.Sum256([]byte(word)), nil
}

func checkToken(word string) error {
	unseen := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case len(word) < minToken || len(word) > maxToken:
		return fmt.Errorf("a token of %d characters: write %d to %d, as openssl rand -hex 32 makes them", min(len(word), maxToken+1), minToken, maxToken)
	case strings.ContainsFunc(word, unseen):
		return errors.New("a token holds visible ASCII characters only, on one line")
	}
	return nil
}

// isShown reports whether the request shows the token.
func (t token) isShown(r *http.Request) bool {
	scheme, word, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	shown := sha256.Sum256([]byte(word))
	return subtle.ConstantTimeCompare(t[:], shown[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}
