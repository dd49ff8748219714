package serialpad

import "evalpad/device/serialpad/profiles"

// Tap is a port opened for a technician to see its bytes. No driver has it meanwhile. One goroutine uses
// it.
type Tap struct{ p *port }

// OpenTap opens a port with the line set; zero fields are 9600 8N1. Errors are sentences for a
// technician, as of a driver's Lost.
func OpenTap(path string, line profiles.Line) (*Tap, error) {
	p, err := openPort(path, line.WithDefaults())
	if err != nil {
		return nil, err
	}
	return &Tap{p}, nil
}

// Read reads what is there; zero bytes and no error: the line was silent for 100 ms.
func (t *Tap) Read(b []byte) (int, error) { return t.p.Read(b, readTimeout) }

// Write writes a frame, or fails within half a second.
func (t *Tap) Write(frame []byte) (int, error) { return len(frame), t.p.Write(frame) }

// Close gives the port back.
func (t *Tap) Close() { t.p.Close() }
