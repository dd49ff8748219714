package devicetest

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every frame on a pad's page is right by the bench's own sums: a technician, or a maker of pads, will
// compare it byte by byte.
func TestPages(t *testing.T) {
	for page, whole := range map[string]struct {
		least int // examples on the page
		sound func(frame []byte) bool
	}{
		"ff68":        {20, ff68Sound},
		"pj06":        {4, pj06Sound},
		"jt905":       {8, jt905Sound},
		"modbus-keys": {10, func(frame []byte) bool { return modbusCRC(frame) == 0 }},
		"line":        {20, nil},
	} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile("../../firmware-notes/pads/" + page + ".md")
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for _, frame := range hexFrames.FindAllString(string(text), -1) {
				raw, err := hex.DecodeString(strings.ReplaceAll(frame, " ", ""))
				if err != nil || whole.sound == nil || !whole.sound(raw) {
					t.Errorf("%s is no frame: %v", frame, err)
				}
				seen++
			}
			for _, line := range lines.FindAllString(string(text), -1) {
				if _, ok := lineParse([]byte(line + "\r\n")); !ok {
					t.Errorf("%s is no line", line)
				}
				seen++
			}
			if seen < whole.least {
				t.Errorf("%d examples were found, want %d at least", seen, whole.least)
			}
		})
	}
}

var (
	hexFrames = regexp.MustCompile(`\b[0-9A-F]{2}(?: [0-9A-F]{2}){3,}\b`)
	lines     = regexp.MustCompile(`\$[0-9A-F]{2},[0-9A-F]{2},[^$*` + "`" + `]*\*[0-9A-F]{4}`)
)

func ff68Sound(frame []byte) bool {
	body := bytes.TrimPrefix(frame, []byte{0xFF})
	if len(body) < 8 {
		return false
	}
	data := body[6 : len(body)-2]
	return bytes.Equal(body, ff68Frame(body[4], body[5], data...)[1:])
}

func pj06Sound(frame []byte) bool {
	return len(frame) > 5 && bytes.Equal(frame, pj06Frame(frame[3], frame[4:len(frame)-1]...))
}

func jt905Sound(frame []byte) bool {
	m, ok := jt905Parse(frame)
	return ok && bytes.Equal(frame, jt905Frame(m.Vendor, m.Function, m.Data...))
}
