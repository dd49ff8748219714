package config

import "time"

// Pad is what evalpad.yaml says: one box, its headquarters and the counters it serves.
type Pad struct {
	Device       string // unique; default from the board's serial number, else the MAC (see DeviceName)
	Region       string // required, but r00 where the broker is on this machine
	Branch       string // required, but b0000 where the broker is on this machine
	DataDir      string // absolute; default /var/lib/evalpad
	Headquarters Headquarters
	Screen       Screen
	QR           string       // address of the page behind the code on the screen, as https://rate.bank.example/r; "" (default) is off
	CounterDesk  *CounterDesk // nil (default) is off
	Outbox       Outbox
	Closing      time.Duration // when the branch closes, from midnight, which ends a teller's log-in; 0 is never
	Profiles     string        // absolute path of the folder with the branch's own pad profiles, or ""
	Counters     []Counter     // at least one
}

// Headquarters is where the ratings go.
type Headquarters struct {
	Broker    string // scheme://host:port with scheme mqtt (this machine only) or mqtts; required
	TopicRoot string // default evalpad/v1
	CA        string // absolute path, or ""
	Cert      string // absolute path, or ""; never without Key
	Key       string
	SettleOn  string // SettleOnReceipt or SettleOnPuback; default receipt
}

// What lets a record leave the outbox.
const (
	SettleOnReceipt = "receipt" // headquarters' signed word that it is in the ledger
	SettleOnPuback  = "puback"  // the broker's word only, for a headquarters without an inspector
)

// Screen is the touch page, which stands at one counter: see Counter.
type Screen struct {
	Listen    string   // host:port on this machine, default 127.0.0.1:8090; "" is off
	Hotline   string   // a telephone number with what belongs to it, at most 40 characters; "" (default) shows none
	Languages []string // 1 to 8, the box's own first; empty (default): zh, en and what Words holds
	Words     string   // absolute path of a folder with NAME.json, one a language, or ""
	Voice     Voice
}

// Where the screen's sound goes.
const (
	OutputLoudspeaker = "loudspeaker" // questions and thanks aloud, never a level
	OutputHeadphones  = "headphones"  // levels too, as nobody else hears them
	OutputNone        = "none"
)

// Voice is what the screen says aloud.
type Voice struct {
	Output string // one of the outputs; default loudspeaker
	Folder string // absolute path of the recordings, or "": the browser's own voice
	Volume int    // 1 to 100 per cent, default 60
	Quiet  Quiet
}

// Quiet is the hours in which the screen speaks with another volume, from midnight by the box's clock;
// they may span it. From and To both 0 (default) are none.
type Quiet struct {
	From, To time.Duration
	Volume   int // 1 to 100 per cent, default 25
}

// Outbox bounds what is kept until headquarters has it. Max is in bytes, 1 MiB to 256 MiB, default
// 128 MiB; History is how long settled records stay, 1 to 365 days, default 30.
type Outbox struct {
	Max     int64
	History time.Duration
}

// Counter is one counter and how it asks. Screen, Serial, GPIO and USB are its pads: the screen, one
// keypad, or both, and then either counts.
type Counter struct {
	Counter  string        // required, unique in the file
	Business string        // a code of the bank's own list, or ""
	Ask      []string      // overall alone, or some of attitude, efficiency, compliance; default overall
	Window   time.Duration // 15 s to 120 s, default 30 s
	First    time.Duration // how long the first question waits: 15 s to 120 s, default 60 s where the screen stands, else Window
	Reasons  []string      // codes among which a customer may say why after every rating; only where the screen stands
	Rules    Rules
	// Screen is that the touch page stands here. No key says so: ReadPad gives the screen, where it is
	// on, to the counter without a keypad, else to the first in the file. Elsewhere Ask may be several only
	// where the pad tells which one it asks.
	Screen bool
	Serial *SerialPad
	GPIO   *GPIOPad
	USB    *USBPad
}

func (c Counter) hasKeypad() bool { return c.Serial != nil || c.GPIO != nil || c.USB != nil }

// Rules hold back a press that is none. LockOut is 0 (off) to 10 s, default 5 s.
type Rules struct {
	LockOut time.Duration
	Hammer  Hammer
}

// Hammer pauses a counter after Presses presses Within a time: 2 to 100 presses, up to 60 s both.
// The zero Hammer is off; default 5 presses within 10 s pause for 30 s.
type Hammer struct {
	Presses int
	Within  time.Duration
	Pause   time.Duration
}

// SerialPad is a pad on a serial line, which pads of one profile may share under addresses of their own.
type SerialPad struct {
	Port    string         // absolute path; required
	Baud    int            // bits a second; default the profile's
	Parity  string         // none, odd or even; default the profile's
	Profile string         // a shipped profile, or one of the folder Profiles; required
	Address int            // the counter's address on the line, within the profile's; default its first
	Ack     string         // a variant of the profile's thank-you; default its first, "" where there is none
	Asks    string         // the way of the profile's in which this pad tells which question is asked; default none
	Keys    map[string]int // key in hexadecimal → score 1 to 5; default the profile's, required where it has none
}

// GPIOPad is keys wired to GPIO lines.
type GPIOPad struct {
	Keys     map[string]int // line → score 1 to 5; a line is its name, gpiochipN:offset or label:offset
	Active   string         // low or high: the level of a pressed key; default low
	Pull     string         // up, down or none; default away from Active
	Debounce time.Duration  // 5 ms to 100 ms, default 30 ms
	Lamps    Lamps
}

// Lamps are GPIO lines that show the customer something; "" is none.
type Lamps struct {
	Ask, Thanks, Fault, Buzzer string
	Questions                  map[string]string // in place of Ask: question → the lamp that tells of it
	Active                     string            // low or high: the level of a lamp that is lit; default high
}

// USBPad is a USB keypad.
type USBPad struct {
	Port    string            // absolute path, best one in /dev/input/by-id; required
	Keys    map[string]int    // key as KEY_KP1 → score 1 to 5; required
	Actions map[string]string // key → prompt or cancel
	Lamps   Lamps             // beside the keypad, on the box's own lines
}

// DefaultPad is what a file with no key in it would say, and cannot: Device, Region, Branch, the
// broker and the counters are left empty.
func DefaultPad() Pad {
	return Pad{
		DataDir:      "/var/lib/evalpad",
		Headquarters: Headquarters{TopicRoot: "evalpad/v1", SettleOn: SettleOnReceipt},
		Screen:       Screen{Listen: "127.0.0.1:8090", Voice: Voice{Output: OutputLoudspeaker, Volume: 60, Quiet: Quiet{Volume: 25}}},
		Outbox:       Outbox{Max: 128 << 20, History: 30 * 24 * time.Hour},
	}
}

// DefaultCounter is a counter of which a file gives no more than the name.
func DefaultCounter(name string) Counter {
	return Counter{
		Counter: name,
		Ask:     []string{"overall"},
		Window:  30 * time.Second,
		Rules: Rules{
			LockOut: 5 * time.Second,
			Hammer:  Hammer{Presses: 5, Within: 10 * time.Second, Pause: 30 * time.Second},
		},
	}
}
