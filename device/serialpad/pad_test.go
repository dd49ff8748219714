package serialpad_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"evalpad/device"
	"evalpad/device/devicetest"
	"evalpad/device/serialpad"
)

func TestContract(t *testing.T) {
	for _, ack := range []string{"echo", "short"} {
		t.Run(ack, func(t *testing.T) {
			devicetest.Contract(t, func(t *testing.T) devicetest.Bench {
				fake := devicetest.NewFF68(t)
				return devicetest.Bench{
					Driver: newPad(t, options(t, fake, ack)),
					Press:  func() error { return fake.Press(0x00) },
					Thanks: fake.Thanks,
				}
			})
		})
	}
}

func TestContractWithoutPort(t *testing.T) {
	o := at(t, t.TempDir()+"/none")
	run := start(t, newPad(t, o))
	run.want(device.Signal{Kind: device.Lost, Reason: "waiting for " + o.Port})
	for range 100 {
		run.show(device.Show{Kind: device.Ask, For: "serial-1"})
	}
}

const (
	ask       = "FF 68 03 03 68 81 01 0B 8D 16"
	thanksBad = "FF 68 03 03 68 81 01 00 82 16"
	short     = "68 02 02 68 81 01 82 16"
)

func press(score int, frame string) device.Signal {
	return device.Signal{Kind: device.Press, Score: score, UI: "keys", Detail: frame, Echo: frame}
}

func TestPress(t *testing.T) {
	for _, c := range []struct{ ack, want string }{{"echo", thanksBad}, {"short", short}} {
		t.Run(c.ack, func(t *testing.T) {
			fake := devicetest.NewFF68(t)
			run := start(t, newPad(t, options(t, fake, c.ack)))
			if _, err := fake.Write(raw(t, "FF 68 03 03 68 81 11 00 92 16")); err != nil {
				t.Fatal(err)
			}
			s := run.want(press(2, bad))
			run.show(device.Show{Kind: device.Thanks, For: "someone else's"})
			fence := run.fence(fake)
			run.wantFrames(fake, fence)
			run.show(device.Show{Kind: device.Thanks, For: s.ID})
			run.wantFrames(fake, fence, c.want)
			run.show(device.Show{Kind: device.Thanks, For: s.ID}) // once is enough
			run.show(device.Show{Kind: device.Idle})
			run.show(device.Show{Kind: device.Fault})
			run.show(device.Show{Kind: device.Ask})
			run.wantFrames(fake, fence, c.want, ask)
		})
	}
}

func TestNoiseAndWrongSums(t *testing.T) {
	fake := devicetest.NewFF68(t)
	run := start(t, newPad(t, options(t, fake, "")))
	line := raw(t, "00 68 10 10 68 FF 68 03 03 68 81 11 00 93 16"+best)
	if _, err := fake.Write(line); err != nil {
		t.Fatal(err)
	}
	run.want(device.Signal{Kind: device.Refused, Reason: device.ReasonNoise, Detail: "00 68 10 10 68"})
	run.want(device.Signal{
		Kind: device.Refused, Reason: device.ReasonBadSum, Detail: "FF 68 03 03 68 81 11 00 93 16",
	})
	run.want(press(5, best))
}

// A USB adapter hands over a byte at a time; that is no reason to see silences between them. On a
// busy machine this test itself may be slower than a frame may be; then it tries again.
func TestBytesOneByOne(t *testing.T) {
	for range 10 {
		fake := devicetest.NewFF68(t)
		run := start(t, newPad(t, options(t, fake, "")))
		longest := sendOneByOne(t, fake, raw(t, bad))
		if s := run.next(); s.Kind == device.Press {
			return
		}
		if longest < 80*time.Millisecond {
			t.Fatalf("no press of a frame whose bytes were at most %v apart", longest)
		}
	}
	t.Fatal("this machine is too busy to send ten bytes in a row")
}

// sendOneByOne sends a byte every 30 ms, and tells how long the longest pause really was.
func sendOneByOne(t *testing.T, fake *devicetest.FF68, line []byte) (longest time.Duration) {
	t.Helper()
	pace := time.NewTicker(30 * time.Millisecond)
	defer pace.Stop()
	for _, b := range line {
		began := time.Now()
		<-pace.C
		if _, err := fake.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(began))
	}
	return longest
}

func TestNothingIsLostWhileTheDeskIsBusy(t *testing.T) {
	fake := devicetest.NewFF68(t)
	o := options(t, fake, "")
	var log logbook
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	run := start(t, newPad(t, o))
	for ticket := range byte(200) {
		if err := fake.Keypad(fmt.Sprintf("%03d", ticket), 0x0B); err != nil {
			t.Fatal(err)
		}
	}
	log.await(t, "msg=heard", 64) // as many as may wait for the desk
	for ticket := range 200 {
		if s := run.next(); s.Kind != device.Prompt || s.Ticket != fmt.Sprintf("%03d", ticket) {
			t.Fatalf("signal %d is %+v, want the prompt for ticket %03d", ticket, s, ticket)
		}
	}
}

func TestNew(t *testing.T) {
	good := at(t, "/dev/ttyUSB0")
	if got, want := newPad(t, good).String(), "serial pad /dev/ttyUSB0 (ff68)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	for want, spoil := range map[string]func(*wish){
		"serial pad: no port: want the path of a serial device, as /dev/serial/by-id/usb-…": func(o *wish) { o.Port = "" },
		"serial pad: baud 9601: want one of [1200 2400 4800 9600 19200 38400 57600 115200]": func(o *wish) { o.Line.Baud = 9601 },
		"serial pad: no protocol: want what the pads speak":                                 func(o *wish) { o.Protocol = nil },
		"serial pad: profile pj06 does not say which key is best: want keys, each with its score": func(o *wish) {
			o.Protocol, o.Address = serialpad.Protocol(t, "pj06"), 0
		},
		"serial pad: address 0: profile ff68 wants 1 to 127":                    func(o *wish) { o.Address = 0 },
		"serial pad: address 128: profile ff68 wants 1 to 127":                  func(o *wish) { o.Address = 128 },
		`serial pad: acknowledgement "loud": profile ff68 knows echo and short`: func(o *wish) { o.Ack = "loud" },
		`serial pad: asks "lamps": profile ff68 knows stars`:                    func(o *wish) { o.Asks = "lamps" },
		`serial pad: asks "stars": profile byte knows none`: func(o *wish) {
			o.Protocol, o.Address, o.Keys, o.Asks = serialpad.Protocol(t, "byte"), 0, map[byte]int{1: 5}, "stars"
		},
		"serial pad: no uptime: want a function that gives the boot time": func(o *wish) { o.Uptime = nil },
	} {
		o := good
		spoil(&o)
		if _, err := serialpad.New(o.Options, o.Counter); err == nil || err.Error() != want {
			t.Errorf("New(%+v) failed with\n%v, want\n%s", o, err, want)
		}
	}
}
