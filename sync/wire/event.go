package wire

// EventName says what happened to a box.
type EventName string

// The events of a box.
const (
	EventEpochOpened     EventName = "epoch-opened"
	EventStart           EventName = "start"
	EventStop            EventName = "stop"
	EventPadLost         EventName = "pad-lost"
	EventPadBack         EventName = "pad-back"
	EventStuckKey        EventName = "stuck-key"
	EventStorageFault    EventName = "storage-fault"
	EventStorageRollback EventName = "storage-rollback"
	EventMissing         EventName = "missing"
	EventParked          EventName = "parked"
	EventTwin            EventName = "twin"
	EventRules           EventName = "rules"
	EventTally           EventName = "tally"
	EventClockSet        EventName = "clock-set"
)

// Event is the data of an event record. Words are for a technician, in English.
type Event struct {
	Event   EventName      `json:"event"`
	At      Stamp          `json:"at"`
	Counter string         `json:"counter,omitempty"`
	Words   string         `json:"words,omitempty"`
	Opened  *EpochOpened   `json:"opened,omitempty"`
	Missing *Missing       `json:"missing,omitempty"`
	Parked  *RecordName    `json:"parked,omitempty"`
	Tally   map[string]int `json:"tally,omitempty"`
	Clock   *ClockMove     `json:"clock,omitempty"`
	Rules   *RulesInForce  `json:"rules,omitempty"`
	Version string         `json:"version,omitempty"`
}

// EpochOpened is in the first record of an epoch: the key it is sealed with, and what came before.
type EpochOpened struct {
	Key      PublicKey   `json:"key"`
	Previous *EpochState `json:"previous,omitempty"`
	Why      string      `json:"why"`
}

// ClockMove tells that the wall clock began or ceased to be set, or was moved; what it says now is in
// the event's stamp.
type ClockMove struct {
	Was     ClockState `json:"was"`
	MovedMS int64      `json:"moved_ms"` // against the uptime; below zero for back
}

// RecordName names one record of a device.
type RecordName struct {
	Epoch Epoch  `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Missing answers a resend for records that the box no longer has.
type Missing struct {
	Epoch Epoch  `json:"epoch"`
	From  uint64 `json:"from"`
	To    uint64 `json:"to"`
	Why   string `json:"why"`
}

// EpochState tells how far an epoch has come: its last record with its hash, and the last record
// up to which all are receipted.
type EpochState struct {
	Epoch   Epoch  `json:"epoch"`
	Head    uint64 `json:"head"`
	Hash    Hash   `json:"hash"`
	Settled uint64 `json:"settled"`
}
