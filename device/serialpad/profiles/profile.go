// Package profiles holds what makes of pads speak, as data: a file a make, with its own test vectors.
//
// A Profile is a file's content; Compile makes a Protocol of it, or says with its place what is wrong,
// and tries the file's vectors. A Protocol cuts a line's bytes into frames (Decoder), and a Station,
// which is the pads of one counter on that line, finds what a frame means and what to answer.
//
// Nothing here knows a port, a clock or a file's syntax: bytes and the time of their arrival come in,
// and signals and bytes come out.
//
// In a file every byte is hexadecimal. A frame is written as a byte table writes it, as
//
//	(FF) 68 LEN LEN 68 ADDR FUNC DATA SUM8 16
//
// and so are the data of a message, as DIGITS 0B or 'K' KEYx. The words are those of words.go.
package profiles

import (
	"cmp"
	"time"
)

// Profile is what one make of pad speaks, as its file says it. Ways in faults are its yaml names.
type Profile struct {
	Profile string `yaml:"profile"` // its name: a-z, 0-9 and hyphen; that of the file
	About   string `yaml:"about"`   // what it is, for a technician
	Source  string `yaml:"source"`  // where the byte table comes from
	Line    Line   `yaml:"line"`

	Address   Address           `yaml:"address"`   // of a profile whose frames have one
	Frame     Shape             `yaml:"frame"`     // of what the pad sends
	FrameOut  Shape             `yaml:"frame_out"` // of what the host sends; without a layout, as Frame
	Modbus    Modbus            `yaml:"modbus"`    // instead of Frame and Hears: a pad that is asked
	Keys      map[string]int    `yaml:"keys"`      // key → score; without any, the branch must say
	Questions map[string]string `yaml:"questions"` // dimension → the byte that means it
	Hears     []Rule            `yaml:"hears"`     // the first that fits
	Thanks    []Thanks          `yaml:"thanks"`    // variants of the thank-you; the first is the default; none: never thanked
	// ThanksAfter is how long a thank-you waits for a pad that is still busy with its own frame: 0 to 500 ms.
	ThanksAfter time.Duration `yaml:"thanks_after"`
	// Refusal tells a pad that repeats itself that its message is understood and not taken; as Thanks.
	Refusal Thanks         `yaml:"refusal"`
	Says    map[string]Say `yaml:"says"`  // what the host can make the pad do, by name
	Shows   Shows          `yaml:"shows"` // which of them when
	// Asks are the ways in which some pads of the make can tell which question is asked, as by stars, by
	// name: for each dimension what is said, before what Shows has for ask; and, as none, what ends it. Which
	// of them its pad can, the branch says.
	Asks    map[string]map[string][]string `yaml:"asks"`
	Vectors []Vector                       `yaml:"vectors"`
}

// Line is how the port is set, where evalpad.yaml says nothing.
type Line struct {
	Baud   int    `yaml:"baud"`   // one of Bauds; 0 is 9600
	Parity string `yaml:"parity"` // none, odd or even; "" is none
	Bits   int    `yaml:"bits"`   // 7 or 8; 0 is 8
	Stop   int    `yaml:"stop"`   // 1 or 2; 0 is 1
}

// WithDefaults fills what is zero.
func (l Line) WithDefaults() Line {
	return Line{cmp.Or(l.Baud, 9600), cmp.Or(l.Parity, "none"), cmp.Or(l.Bits, 8), cmp.Or(l.Stop, 1)}
}

// Bauds are the rates that pads and every USB adapter know, in bits a second.
var Bauds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200}

// Address says how a pad's address follows from that of its counter: for each role what is added.
type Address struct {
	First int               `yaml:"first"` // the lowest that a counter may have; with Last 0 there are none
	Last  int               `yaml:"last"`  // the highest
	Roles map[string]string `yaml:"roles"` // as evaluator: 80
}

// Shape is the layout of a frame.
type Shape struct {
	Layout string   `yaml:"layout"`
	Length Length   `yaml:"length"` // of a layout with LEN
	Data   Bounds   `yaml:"data"`   // how many bytes DATA may have
	Check  string   `yaml:"check"`  // which parts the check byte covers, as ADDR..DATA
	Crc    string   `yaml:"crc"`    // of a layout with CRC16: its kind, see Sums
	Escape []Escape `yaml:"escape"` // inside the first and the last byte of the layout
}

// Length is what LEN counts.
type Length struct {
	Counts string `yaml:"counts"` // parts, as ADDR..DATA
	Plus   int    `yaml:"plus"`   // and this many more, -16 to 16
}

// Bounds are lowest and highest, both included. The zero Bounds are 0 to 32.
type Bounds struct {
	Least int `yaml:"least"`
	Most  int `yaml:"most"`
}

// Escape is a byte that goes over the line as two.
type Escape struct {
	Byte string `yaml:"byte"`
	As   string `yaml:"as"` // as 7D 02
}

// Rule is one message that a pad sends, and what it means.
type Rule struct {
	From  string `yaml:"from"` // a role; "" is any
	Func  string `yaml:"func"` // FUNC: 11, or 01 02, or not 11; "" is any
	Data  string `yaml:"data"` // the pattern of DATA; "" is no data
	Key   string `yaml:"key"`  // which KEY, as 0C 0D; "" is any
	Means string `yaml:"means"`
	Ack   string `yaml:"ack"` // same, thanks or none; "" is thanks for a press and none otherwise
}

// Thanks is how a pad is thanked: the frame that it sent, with these changes.
type Thanks struct {
	Name string `yaml:"name"`
	Func string `yaml:"func"` // "" leaves it
	Data string `yaml:"data"` // "" leaves it; none empties it
	Bare bool   `yaml:"bare"` // without the optional first byte
}

// Say is a frame that the host sends on its own account.
type Say struct {
	To   string `yaml:"to"`   // a role
	Func string `yaml:"func"` // FUNC; "" is 00
	Num  string `yaml:"num"`  // NUM; "" is 00
	Data string `yaml:"data"`
}

// Shows names what is said when.
type Shows struct {
	Open   []string `yaml:"open"`   // the port has been opened
	Ask    []string `yaml:"ask"`    // a question is asked
	Thanks []string `yaml:"thanks"` // a press is on disk; beside the acknowledgement
	Idle   []string `yaml:"idle"`   // nobody is asked any more
	Fault  []string `yaml:"fault"`  // no rating can be taken
}

// Modbus is a pad whose keys are read as a Modbus RTU slave's, see Poll.
type Modbus struct {
	Reads string        `yaml:"reads"` // discrete-inputs, coils, holding-registers or input-registers
	First int           `yaml:"first"` // the first of them, 0 to 65535
	Keys  int           `yaml:"keys"`  // inputs and coils: how many keys there are, 1 to 16
	Every time.Duration `yaml:"every"` // 20 ms to 1 s; 0 is 50 ms
}

// Vector is an example with its proof: bytes that the pad sends and what they mean, or something said
// and its bytes. Address is 1 where the vector says nothing.
type Vector struct {
	Hears   string            `yaml:"hears"`
	Means   string            `yaml:"means"`  // press 5, key 03, prompt 017, teller-in 1203, refused noise …
	Thanks  map[string]string `yaml:"thanks"` // the acknowledgement of each variant
	Says    string            `yaml:"says"`
	Bytes   string            `yaml:"bytes"`
	Address int               `yaml:"address"`
}
