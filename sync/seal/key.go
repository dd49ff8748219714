package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"evalpad/sync/wire"
)

// Key is a private Ed25519 key. The zero Key signs nothing; make one with NewKey or OpenKey.
type Key struct{ private ed25519.PrivateKey }

// NewKey makes a key that is nowhere stored.
func NewKey() Key {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("no randomness: " + err.Error()) // crypto/rand never returns an error on Linux
	}
	return Key{private}
}

// KeyFromSeed makes the key of a 32-byte seed; for golden files.
func KeyFromSeed(seed [32]byte) Key { return Key{ed25519.NewKeyFromSeed(seed[:])} }

// Public is the key that others verify with.
func (k Key) Public() wire.PublicKey {
	return wire.PublicKey(k.private.Public().(ed25519.PublicKey))
}

// KID names the key.
func (k Key) KID() wire.KID { return KIDOf(k.Public()) }

// String hides the key, so that no log shows it.
func (k Key) String() string { return "key " + string(k.KID()) }

// ErrKeyMode is returned for a key file that others than its owner may read.
var ErrKeyMode = errors.New("others may read it: chmod 0400")

// OpenKey reads the key stored at path, or makes one there, mode 0400, at first start. A key is on
// disk before it is returned: whatever is sealed with it can be verified after a power cut.
func OpenKey(path string) (Key, error) {
	k, err := ReadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	return k, err
}

// ReadKey reads the key stored at path. It returns ErrKeyMode for a file that others may read, and
// fs.ErrNotExist where there is none.
func ReadKey(path string) (Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("open key: %w", err)
	}
	if info, err := os.Stat(path); err != nil {
		return Key{}, fmt.Errorf("open key: %w", err)
	} else if info.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("open key %s: %w", path, ErrKeyMode)
	}
	seed, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("open key %s: not a key: want one line of 43 characters of base64url", path)
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

func makeKey(path string) (Key, error) {
	k := NewKey()
	text := base64.RawURLEncoding.EncodeToString(k.private.Seed()) + "\n"
	if err := writeDurably(path, []byte(text)); err != nil {
		return Key{}, fmt.Errorf("make key: %w", err)
	}
	return k, nil
}

// writeDurably writes aside, syncs, renames and syncs the folder, so that a power cut leaves either
// no file or a whole one.
func writeDurably(path string, content []byte) error {
	tmp := path + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
