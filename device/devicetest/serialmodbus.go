package devicetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// ModbusKeys is a module on RS-485 with keys: a Modbus RTU slave that never speaks unless it is asked.
// It is safe for use by several goroutines.
//
// Path, Write, Received, Await, Unplug and Replug are its cable's.
type ModbusKeys struct {
	*cable
	address  byte
	counts   bool
	requests journal[ModbusRequest]

	mu    sync.Mutex
	held  byte   // bit n is input n
	last  uint16 // the last key, 1 and up; 0 before the first
	count uint16 // of presses; after 65535 comes 0
	mute  bool
}

// ModbusRequest is one request to this module whose CRC is right.
type ModbusRequest struct {
	Function     byte
	First, Count uint16
}

// How a module tells its keys.
const (
	ModbusBits    = "bits"    // function 02, inputs 0 to 7: 1 while the key is held
	ModbusCounter = "counter" // function 03, register 0 the last key, register 1 the count of presses
)

const (
	modbusInputs = 8
	finger       = 150 * time.Millisecond // how long a key is held
	halfRequest  = 20 * time.Millisecond  // a request that stops for so long is dropped; the standard wants 4 ms at 9600
)

// PlugModbusKeys plugs in a module, 1 to 247, at a port of its own and makes link a symbolic link to
// that port. Variant is ModbusBits or ModbusCounter.
func PlugModbusKeys(link string, address int, variant string) (*ModbusKeys, error) {
	switch {
	case address < 1 || address > 247:
		return nil, fmt.Errorf("plug in module: address %d: want 1 to 247", address)
	case variant != ModbusBits && variant != ModbusCounter:
		return nil, fmt.Errorf("plug in module: variant %q: want %s or %s", variant, ModbusBits, ModbusCounter)
	}
	m := &ModbusKeys{
		cable:   &cable{link: link, cut: modbusCut, silence: halfRequest},
		address: byte(address), counts: variant == ModbusCounter,
	}
	return m, plug(m.cable, m.hear)
}

// NewModbusKeys plugs in a module of address 1 for as long as the test runs.
func NewModbusKeys(t testing.TB, variant string) *ModbusKeys {
	t.Helper()
	m, err := PlugModbusKeys(filepath.Join(t.TempDir(), "pad"), 1, variant)
	if err != nil {
		t.Fatal(err)
	}
	unplugAfter(t, m.cable)
	return m
}

// Hold presses a key, 0 to 7, and keeps it down.
func (m *ModbusKeys) Hold(key int) error {
	if key < 0 || key >= modbusInputs {
		return fmt.Errorf("hold key %d: the module has 0 to %d", key, modbusInputs-1)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held&(1<<key) == 0 {
		m.last = uint16(key) + 1
		m.count++
	}
	m.held |= 1 << key
	return nil
}

// Release lets a key go.
func (m *ModbusKeys) Release(key int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held &^= 1 << key
}

// Press holds a key for as long as a finger does, 150 ms. Whether anybody looks meanwhile is the
// host's affair.
func (m *ModbusKeys) Press(key int) error {
	if err := m.Hold(key); err != nil {
		return err
	}
	time.Sleep(finger)
	m.Release(key)
	return nil
}

// PressUntilRead holds a key until the host has read the module n times since.
func (m *ModbusKeys) PressUntilRead(ctx context.Context, key, n int) error {
	if err := m.Hold(key); err != nil {
		return err
	}
	defer m.Release(key)
	before := len(m.Heard())
	_, err := m.requests.await(ctx, before+n, "requests from the host")
	return err
}

// Mute makes the module answer nothing, as one without power.
func (m *ModbusKeys) Mute(mute bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mute = mute
}

// Heard gives the requests to this module so far, those that it refused or was mute to among them.
func (m *ModbusKeys) Heard() []ModbusRequest { return m.requests.list() }

// hear answers a request. One that is for another, or whose CRC is wrong, gets no answer.
func (m *ModbusKeys) hear(frame []byte) {
	if len(frame) < 4 || frame[0] != m.address || modbusCRC(frame) != 0 {
		return
	}
	r := ModbusRequest{Function: frame[1]}
	if len(frame) == 8 {
		r.First, r.Count = uint16(frame[2])<<8|uint16(frame[3]), uint16(frame[4])<<8|uint16(frame[5])
	}
	answer := m.answer(r)
	m.requests.add(r)
	if answer != nil {
		_, _ = m.Write(answer) // the cable may be out by now
	}
}

func (m *ModbusKeys) answer(r ModbusRequest) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mute {
		return nil
	}
	data, err := m.read(r)
	if refusal, refused := errors.AsType[modbusException](err); refused {
		return modbusFrame(m.address, r.Function|0x80, byte(refusal))
	}
	return modbusFrame(m.address, r.Function, append([]byte{byte(len(data))}, data...)...)
}

// modbusException is the code of a refusal.
type modbusException byte

func (e modbusException) Error() string { return fmt.Sprintf("exception %02X", byte(e)) }

const (
	illegalFunction modbusException = 0x01
	illegalAddress  modbusException = 0x02
	illegalValue    modbusException = 0x03
)

// read gives the data of an answer.
func (m *ModbusKeys) read(r ModbusRequest) ([]byte, error) {
	function, size, most := byte(0x02), modbusInputs, 2000
	if m.counts {
		function, size, most = 0x03, 2, 125
	}
	switch {
	case r.Function != function:
		return nil, illegalFunction
	case r.Count < 1 || int(r.Count) > most:
		return nil, illegalValue
	case int(r.First)+int(r.Count) > size:
		return nil, illegalAddress
	case m.counts:
		registers := []byte{byte(m.last >> 8), byte(m.last), byte(m.count >> 8), byte(m.count)}
		return registers[2*r.First : 2*(r.First+r.Count)], nil
	}
	return []byte{m.held >> r.First & (1<<r.Count - 1)}, nil
}
