package main

import (
	"context"
	"time"

	"evalpad/device/devicetest"
)

// repeat is how long a pad waits for its thanks before it sends again.
const repeat = 500 * time.Millisecond

// pads are the makes that can be simulated, by the names of their profiles.
var pads = map[string]func(link string) (*pad, error){
	"ff68": ff68, "pj06": pj06, "jt905": jt905, "line": line, "byte": byteKeys,
	"modbus-keys": modbusKeys, "modbus-counter": modbusCounter,
}

// once is a press that is sent once, whoever hears it.
func once(send func() error) press { return func(context.Context) error { return send() } }

func ff68(link string) (*pad, error) {
	f, err := devicetest.PlugFF68(link, 1)
	p := &pad{cable: f, thanked: true, part: ", address: 1", keys: map[byte]press{'x': once(f.Cancel)}}
	p.keys['p'] = func(ctx context.Context) error { return f.PromptUntilThanked(ctx, repeat) }
	for digit, key := range map[byte]byte{'5': 0x03, '4': 0x02, '3': 0x01, '2': 0x00} {
		p.keys[digit] = func(ctx context.Context) error { return f.PressUntilThanked(ctx, key, repeat) }
	}
	return p, err
}

func jt905(link string) (*pad, error) {
	j, err := devicetest.PlugJT905(link, 0x21)
	p := &pad{cable: j, thanked: true, keys: map[byte]press{}}
	for digit, rating := range map[byte]byte{'4': 0x01, '3': 0x02, '2': 0x03, '1': 0x04} {
		p.keys[digit] = func(ctx context.Context) error { return j.PressUntilThanked(ctx, rating, repeat) }
	}
	return p, err
}

func line(link string) (*pad, error) {
	lines, err := devicetest.PlugLine(link, 1)
	if err != nil {
		return nil, err
	}
	say := func(body string) press {
		return func(ctx context.Context) error { return lines[0].SayUntilAnswered(ctx, body, repeat) }
	}
	p := &pad{cable: lines[0], thanked: true, part: ", address: 1", keys: map[byte]press{'p': say("P"), 'x': say("X")}}
	p.power = func(ctx context.Context) error { return lines[0].PowerUpUntilAnswered(ctx, repeat) }
	for _, digit := range []byte("54321") {
		p.keys[digit] = say("K" + string(digit))
	}
	return p, nil
}

func pj06(link string) (*pad, error) {
	j, err := devicetest.PlugPJ06(link)
	p := &pad{cable: j, part: `, keys: {"01": 5, "02": 4, "03": 3, "04": 2, "05": 1}`, keys: map[byte]press{}}
	for i, digit := range []byte("54321") {
		p.keys[digit] = once(func() error { return j.Press(byte(i + 1)) })
	}
	return p, err
}

func byteKeys(link string) (*pad, error) {
	b, err := devicetest.PlugByteKeys(link)
	p := &pad{cable: b, part: `, keys: {"35": 5, "34": 4, "33": 3, "32": 2, "31": 1}`, keys: map[byte]press{}}
	for _, digit := range []byte("54321") {
		p.keys[digit] = once(func() error { return b.Press(digit) })
	}
	return p, err
}

func modbusKeys(link string) (*pad, error) {
	p, err := modbus(link, devicetest.ModbusBits)
	p.part = `, address: 1, keys: {"0": 5, "1": 4, "2": 3, "3": 2, "4": 1}`
	return p, err
}

func modbusCounter(link string) (*pad, error) {
	p, err := modbus(link, devicetest.ModbusCounter)
	p.part = `, address: 1, keys: {"1": 5, "2": 4, "3": 3, "4": 2, "5": 1}`
	return p, err
}

func modbus(link, variant string) (*pad, error) {
	m, err := devicetest.PlugModbusKeys(link, 1, variant)
	p := &pad{cable: m, keys: map[byte]press{}}
	for i, digit := range []byte("54321") {
		p.keys[digit] = func(ctx context.Context) error {
			if _, err := m.Await(ctx, asked); err != nil {
				return err
			}
			return m.PressUntilRead(ctx, i, asked)
		}
	}
	return p, err
}

// asked is how often a module is asked before a key of it is pressed, since one that is held when the
// agent comes is no press, and while it is held, which is then as long as a finger's.
const asked = 4
