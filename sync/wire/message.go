package wire

// Presence is what a retained status says of its sender.
type Presence string

// The presences. Lost is the will that a broker publishes; disconnected is said by the box itself.
const (
	Ready        Presence = "ready"
	Disconnected Presence = "disconnected"
	Lost         Presence = "lost"
)

// Status is a box's retained word on itself: birth, will and farewell.
type Status struct {
	State    Presence     `json:"state"`
	Session  uint64       `json:"session"`
	Boot     string       `json:"boot"`
	UptimeMS int64        `json:"uptime_ms"`
	Key      PublicKey    `json:"key"`
	Epochs   []EpochState `json:"epochs"`
	Version  string       `json:"version"`
}

// Heartbeat is the status of a living box with its health, each minute, QoS 0.
type Heartbeat struct {
	Status
	Waiting      int            `json:"waiting"`
	Alerts       int            `json:"alerts_waiting"`
	OldestMS     int64          `json:"oldest_ms"`
	Seen         uint64         `json:"presses_seen"`
	Accepted     uint64         `json:"presses_accepted"`
	Refused      map[string]int `json:"refused"`
	DiskFree     int64          `json:"disk_free_bytes"`
	TemperatureC *float64       `json:"temperature_c,omitempty"`
	Clock        ClockState     `json:"clock"`
	Degraded     []string       `json:"degraded"`
	Heard        *Heard         `json:"heard,omitempty"`
}

// Heard echoes the latest receipt: what headquarters' clock said, and the uptime at which it came.
type Heard struct {
	Sent     Instant `json:"sent"`
	UptimeMS int64   `json:"uptime_ms"`
}

// Receipt is headquarters' thank-you: everything through that record is in its ledger. Also names
// ranges beyond it, each with the hash of its last record.
type Receipt struct {
	Device  string  `json:"device"`
	Session uint64  `json:"session"`
	Epoch   Epoch   `json:"epoch"`
	Through uint64  `json:"through"`
	Head    Hash    `json:"head"`
	Also    []Span  `json:"also,omitempty"`
	Window  int     `json:"window"`
	Sent    Instant `json:"sent"`
	By      Mandate `json:"by"`
}

// Span is a run of records, first and last included, with the hash of the last.
type Span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Head Hash   `json:"head"`
}

// Mandate shows that an inspector speaks for headquarters: the root key's signature over the
// inspector's key.
type Mandate struct {
	Key  PublicKey `json:"key"`
	Root PublicKey `json:"root"`
	Cert Signature `json:"cert"`
}

// The commands of headquarters.
const (
	CommandResend   = "resend"
	CommandPrompt   = "prompt"
	CommandIdentify = "identify"
	CommandSelftest = "selftest"
)

// Command is a numbered word from headquarters, good for one session and until an uptime.
type Command struct {
	Device        string  `json:"device"`
	Session       uint64  `json:"session"`
	Number        uint64  `json:"number"`
	UntilUptimeMS int64   `json:"until_uptime_ms"`
	Command       string  `json:"command"`
	Resend        *Resend `json:"resend,omitempty"`
	Prompt        *Prompt `json:"prompt,omitempty"`
	Nonce         string  `json:"nonce,omitempty"`
	By            Mandate `json:"by"`
}

// Resend asks for records again, first and last included.
type Resend struct {
	Epoch Epoch  `json:"epoch"`
	From  uint64 `json:"from"`
	To    uint64 `json:"to"`
}

// Prompt asks the customer at one counter to rate.
type Prompt struct {
	Counter string `json:"counter"`
	Ticket  string `json:"ticket,omitempty"`
}

// HeadquartersStatus is headquarters' retained word on itself. SpreadS is over how many seconds
// the boxes are to spread their return after a common outage.
type HeadquartersStatus struct {
	State   Presence `json:"state"`
	Session uint64   `json:"session"`
	SpreadS float64  `json:"spread_s"`
	By      Mandate  `json:"by"`
}
