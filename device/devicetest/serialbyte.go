package devicetest

import (
	"path/filepath"
	"testing"
)

// ByteKeys is the simplest pad there is: one raw byte a key, sent once. It hears nothing and shows
// nothing; what a host sends it all the same is in Received, a byte each.
//
// Path, Write, Received, Await, Unplug and Replug are its cable's.
type ByteKeys struct{ *cable }

// PlugByteKeys plugs in a pad at a port of its own and makes link a symbolic link to that port.
func PlugByteKeys(link string) (*ByteKeys, error) {
	pad := &ByteKeys{&cable{link: link, cut: byteCut}}
	return pad, plug(pad.cable)
}

// NewByteKeys plugs in a pad for as long as the test runs.
func NewByteKeys(t testing.TB) *ByteKeys {
	t.Helper()
	pad, err := PlugByteKeys(filepath.Join(t.TempDir(), "pad"))
	if err != nil {
		t.Fatal(err)
	}
	unplugAfter(t, pad.cable)
	return pad
}

// Press sends a key's byte, once.
func (p *ByteKeys) Press(key byte) error {
	_, err := p.Write([]byte{key})
	return err
}

func byteCut(sent []byte) (frame, rest []byte) {
	if len(sent) == 0 {
		return nil, sent
	}
	return junk(sent)
}
