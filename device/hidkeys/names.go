package hidkeys

import (
	"fmt"
	"strconv"
	"strings"
)

// The names of keys in the order of their codes, without KEY_ (linux/input-event-codes.h). A dash
// is a code without a name.
const (
	from1 = `ESC 1 2 3 4 5 6 7 8 9 0 MINUS EQUAL BACKSPACE TAB Q W E R T Y U I O P LEFTBRACE RIGHTBRACE ENTER
		LEFTCTRL A S D F G H J K L SEMICOLON APOSTROPHE GRAVE LEFTSHIFT BACKSLASH Z X C V B N M COMMA DOT SLASH
		RIGHTSHIFT KPASTERISK LEFTALT SPACE CAPSLOCK F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NUMLOCK SCROLLLOCK
		KP7 KP8 KP9 KPMINUS KP4 KP5 KP6 KPPLUS KP1 KP2 KP3 KP0 KPDOT - ZENKAKUHANKAKU 102ND F11 F12 RO KATAKANA
		HIRAGANA HENKAN KATAKANAHIRAGANA MUHENKAN KPJPCOMMA KPENTER RIGHTCTRL KPSLASH SYSRQ RIGHTALT LINEFEED
		HOME UP PAGEUP LEFT RIGHT END DOWN PAGEDOWN INSERT DELETE MACRO MUTE VOLUMEDOWN VOLUMEUP POWER KPEQUAL
		KPPLUSMINUS PAUSE SCALE KPCOMMA HANGEUL HANJA YEN LEFTMETA RIGHTMETA COMPOSE STOP AGAIN PROPS UNDO FRONT
		COPY OPEN PASTE FIND CUT HELP MENU CALC`
	from179 = `KPLEFTPAREN KPRIGHTPAREN NEW REDO F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24`
)

// codes are the keys' codes by name, and names the other way round.
var codes, names = tables()

func tables() (codes map[string]uint16, names map[uint16]string) {
	codes, names = map[string]uint16{}, map[uint16]string{}
	for first, list := range map[uint16]string{1: from1, 179: from179} {
		for i, word := range strings.Fields(list) {
			if word != "-" {
				codes["KEY_"+word], names[first+uint16(i)] = first+uint16(i), "KEY_"+word
			}
		}
	}
	return codes, names
}

func known(name string) error {
	if _, ok := codes[name]; !ok {
		return fmt.Errorf("key %.40q: want a key's name in the kernel, as KEY_KP1, KEY_1 or KEY_ENTER", name)
	}
	return nil
}

// nameOf names any key.
func nameOf(code uint16) string {
	if name, ok := names[code]; ok {
		return name
	}
	return "key " + strconv.Itoa(int(code))
}
