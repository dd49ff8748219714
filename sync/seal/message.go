package seal

import (
	"encoding/json"
	"fmt"

	"evalpad/sync/wire"
)

// Message writes a status, heartbeat, receipt, command or headquarters' status and signs it.
func Message(key Key, tag Tag, message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	return Sign(key, tag, body), nil
}

// ReadMessage reads a signed message into m without verifying it: the key to verify with is often
// inside. Call Check with that key before believing a word.
func ReadMessage(line []byte, m any) error {
	if len(line) > wire.MaxMessage {
		return fmt.Errorf("read message of %d bytes: longer than %d", len(line), wire.MaxMessage)
	}
	if err := json.Unmarshal(line, m); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	return nil
}

// ReadMandated reads a message of headquarters into m, whose mandate by points into m, and verifies
// it: signed by the inspector's key, which the pinned root has signed. A zero root is not pinned
// yet; then the message's own root is taken and the caller decides whether to pin it.
func ReadMandated(line []byte, tag Tag, root wire.PublicKey, m any, by *wire.Mandate) error {
	if err := ReadMessage(line, m); err != nil {
		return err
	}
	if root.IsZero() {
		root = by.Root
	}
	if err := CheckMandate(root, *by); err != nil {
		return err
	}
	return Check(by.Key, tag, line)
}
