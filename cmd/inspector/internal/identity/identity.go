// Package identity is who headquarters is: a root key that every box pins, and this inspector's own
// key, which the root has mandated. Boxes believe a receipt because its mandate leads to the root.
package identity

import (
	"fmt"
	"os"
	"path/filepath"

	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// The key files in the data folder, each mode 0400. Losing the root means enrolling every box anew.
const (
	RootFile      = "root.key"
	InspectorFile = "inspector.key"
)

// Identity signs in headquarters' name. It is safe for several goroutines.
type Identity struct {
	inspector seal.Key
	mandate   wire.Mandate
}

// Open reads both keys in dir, or makes them at first start; both are on disk before it returns. It
// refuses a key that others than its owner may read (seal.ErrKeyMode).
func Open(dir string) (*Identity, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open identity: %w", err)
	}
	root, err := seal.OpenKey(filepath.Join(dir, RootFile))
	if err != nil {
		return nil, fmt.Errorf("open headquarters' root: %w", err)
	}
	inspector, err := seal.OpenKey(filepath.Join(dir, InspectorFile))
	if err != nil {
		return nil, fmt.Errorf("open inspector's identity: %w", err)
	}
	return &Identity{inspector: inspector, mandate: seal.Mandate(root, inspector.Public())}, nil
}

// Mandate shows that this inspector speaks for headquarters; it rides in every message.
func (i *Identity) Mandate() wire.Mandate { return i.mandate }

// Root is the key that boxes pin.
func (i *Identity) Root() wire.PublicKey { return i.mandate.Root }

// Sign writes message, which carries the mandate as its By, and signs it with the inspector's key.
func (i *Identity) Sign(tag seal.Tag, message any) ([]byte, error) {
	return seal.Message(i.inspector, tag, message)
}
