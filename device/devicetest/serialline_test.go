package devicetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"evalpad/device/devicetest"

	"github.com/google/go-cmp/cmp"
)

// The sums are those of CRC-16/CCITT-FALSE as another program worked them out.
func TestLineBytes(t *testing.T) {
	pad := devicetest.NewLine(t)
	port := host(t, pad)
	for _, c := range []struct {
		send func() error
		want string
	}{
		{pad.PowerUp, "$01,00,H*22FB\r\n"},
		{func() error { return pad.Press(5) }, "$01,01,K5*BA31\r\n"},
		{func() error { return pad.Say("K2,A") }, "$01,02,K2,A*87AA\r\n"},
		{func() error { return pad.Say("P,017") }, "$01,03,P,017*DAB9\r\n"},
		{func() error { return pad.Say("X") }, "$01,04,X*EC0A\r\n"},
		{pad.Again, "$01,04,X*EC0A\r\n"},
		{func() error { return pad.Say("L,1203") }, "$01,05,L,1203*F2D8\r\n"},
		{func() error { return pad.Say("O") }, "$01,06,O*E0BC\r\n"},
	} {
		if err := c.send(); err != nil {
			t.Fatal(err)
		}
		wantText(t, port, c.want)
	}
	for range 248 { // 07 to FE
		if err := pad.Say("X"); err != nil {
			t.Fatal(err)
		}
		wantText(t, port, "$01,")
		skip := make([]byte, len("04,X*EC0A\r\n"))
		if _, err := port.Read(skip); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(pad.Press(5), pad.Press(5)); err != nil {
		t.Fatal(err)
	}
	wantText(t, port, "$01,FF,K5*796A\r\n$01,01,K5*BA31\r\n") // 00 is left out
}

func TestLineHearsMessages(t *testing.T) {
	pads := devicetest.NewLineBus(t, 1, 2)
	port := host(t, pads[0])
	if err := errors.Join(pads[0].Say("P"), pads[0].Press(5), pads[1].Press(1)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"$01,01,A*84E2\r\n",     // the prompt's, late: no thank-you
		"$01,02,A*DDB3\r\n",     // wrong sum
		"$01,02,A*DDB2\n",       // no CR: a host always sends it
		"x$01,02,A*DDB2\r\n",    // something before it
		"$01,02,", "A*DDB2\r\n", // in pieces
		"$02,01,A*58FC\r\n",      // wrong sum
		"$01,02,N*2C5D\r\n",      // not taken
		"$01,00,Q,O,30*33DC\r\n", // asks
		"$01,00,I*32DA\r\n$01,00,F*C335\r\n$01,00,B*83B1\r\n",
		"$02,01,A*4A02\r\n", // the other pad's
	} {
		if _, err := port.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	wantShown(t, pads[1], devicetest.SightThanks)
	wantShown(t, pads[0], devicetest.SightThanks, devicetest.SightRefused,
		devicetest.SightAsk, devicetest.SightIdle, devicetest.SightFault, devicetest.SightBeep)
	want := []devicetest.LineMessage{
		{Address: 1, Number: 1, Body: "A"}, {Address: 1, Number: 2, Body: "A"}, {Address: 1, Number: 2, Body: "N"},
		{Address: 1, Body: "Q,O,30"}, {Address: 1, Body: "I"}, {Address: 1, Body: "F"}, {Address: 1, Body: "B"},
	}
	if diff := cmp.Diff(want, pads[0].Heard()); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestLineRepeatsUntilThanked(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   error
	}{
		"stored":          {"$01,01,A*84E2\r\n", nil},
		"another number":  {"$01,02,A*DDB2\r\n", context.Canceled},
		"another address": {"$02,01,A*4A02\r\n", context.Canceled},
		"a question":      {"$01,00,Q,O,30*33DC\r\n", context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			pad := devicetest.NewLine(t)
			port := host(t, pad)
			err := untilThanked(t,
				func(ctx context.Context) error { return pad.PressUntilThanked(ctx, 5, 20*time.Millisecond) },
				func() { wantText(t, port, "$01,01,K5*BA31\r\n$01,01,K5*BA31\r\n") },
				func() { _, _ = port.WriteString(c.answer) })
			if !errors.Is(err, c.want) {
				t.Errorf("until thanked: %v, want %v", err, c.want)
			}
		})
	}
}

// While a message is not answered, nothing newer goes out.
func TestLineKeepsOrder(t *testing.T) {
	pad := devicetest.NewLine(t)
	port := host(t, pad)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	hello, press := make(chan error, 1), make(chan error, 1)
	go func() { hello <- pad.PowerUpUntilAnswered(ctx, time.Hour) }()
	wantText(t, port, "$01,00,H*22FB\r\n")
	go func() { press <- pad.PressUntilThanked(ctx, 5, time.Hour) }()
	wantSilence(t, port)
	if _, err := port.WriteString("$01,00,A*B3D2\r\n"); err != nil {
		t.Fatal(err)
	}
	wantText(t, port, "$01,01,K5*BA31\r\n")
	if _, err := port.WriteString("$01,01,A*84E2\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-hello, <-press); err != nil {
		t.Error(err)
	}
}

func TestPlugLineAddress(t *testing.T) {
	for _, addresses := range [][]int{{}, {0}, {128}, {1, 200}} {
		if _, err := devicetest.PlugLine(t.TempDir()+"/pad", addresses...); err == nil {
			t.Errorf("addresses %v were taken", addresses)
		}
	}
}
