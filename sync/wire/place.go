package wire

import (
	"fmt"
	"strings"
)

// Kind is the last level of a topic and the middle of a record's type.
type Kind string

// The kinds of messages. The first four are records, kept in an outbox until headquarters says
// thanks; the others are not kept.
const (
	KindAlert      Kind = "alert"
	KindEvaluation Kind = "evaluation"
	KindAnswer     Kind = "answer"
	KindEvent      Kind = "event"

	KindStatus    Kind = "status"
	KindHeartbeat Kind = "heartbeat"
	KindReceipt   Kind = "receipt"
	KindCommand   Kind = "command"
	KindCase      Kind = "case"
)

// IsRecord reports whether messages of this kind are sealed records of an outbox.
func (k Kind) IsRecord() bool {
	switch k {
	case KindAlert, KindEvaluation, KindAnswer, KindEvent:
		return true
	}
	return false
}

// Type is the CloudEvents type of a record of this kind, as evalpad.alert.v1.
func (k Kind) Type() string { return "evalpad." + string(k) + ".v1" }

// KindOf reads a CloudEvents type back.
func KindOf(eventType string) (Kind, bool) {
	name, ok := strings.CutPrefix(eventType, "evalpad.")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, ".v1")
	return Kind(name), ok && Kind(name).IsRecord()
}

// Place is where a box stands today. Region and branch may change; the device never does.
type Place struct {
	Region, Branch, Device string
}

// Source is the place as a CloudEvents source, as /evalpad/r11/b0731/pad-0731-03.
func (p Place) Source() string { return "/evalpad/" + p.Region + "/" + p.Branch + "/" + p.Device }

func (p Place) String() string { return p.Region + "/" + p.Branch + "/" + p.Device }

// Validate says which level of the place cannot be a topic level.
func (p Place) Validate() error {
	for _, l := range []struct{ name, value string }{
		{"region", p.Region}, {"branch", p.Branch}, {"device", p.Device},
	} {
		if !ValidLevel(l.value) {
			return fmt.Errorf("%s %.40q: want 1 to 40 of a-z, 0-9 and hyphen", l.name, l.value)
		}
	}
	return nil
}

// ValidLevel reports whether s may be one level of a topic: 1 to 40 of a-z, 0-9 and hyphen.
// Brokers disagree on dots (RabbitMQ turns them into slashes) and on spaces (NATS hangs up).
func ValidLevel(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ParseSource reads a CloudEvents source back into a place.
func ParseSource(source string) (Place, error) {
	rest, ok := strings.CutPrefix(source, "/evalpad/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return Place{}, fmt.Errorf("source %.100q: want /evalpad/region/branch/device", source)
	}
	p := Place{Region: parts[0], Branch: parts[1], Device: parts[2]}
	if err := p.Validate(); err != nil {
		return Place{}, fmt.Errorf("source %.100q: %w", source, err)
	}
	return p, nil
}

// Topics builds and reads the topics below one root, as evalpad/v1.
type Topics string

// Of is the topic of one kind from or to one place.
func (root Topics) Of(p Place, k Kind) string {
	return string(root) + "/" + p.Region + "/" + p.Branch + "/" + p.Device + "/" + string(k)
}

// Every is the filter for one kind from all places.
func (root Topics) Every(k Kind) string { return string(root) + "/+/+/+/" + string(k) }

// Headquarters is the topic of headquarters' own retained status.
func (root Topics) Headquarters() string { return string(root) + "/headquarters/status" }

// Parse reads a topic back into place and kind.
func (root Topics) Parse(topic string) (Place, Kind, error) {
	rest, ok := strings.CutPrefix(topic, string(root)+"/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 4 {
		return Place{}, "", fmt.Errorf("topic %.120q: want %s/region/branch/device/kind", topic, root)
	}
	p := Place{Region: parts[0], Branch: parts[1], Device: parts[2]}
	if err := p.Validate(); err != nil {
		return Place{}, "", fmt.Errorf("topic %.120q: %w", topic, err)
	}
	return p, Kind(parts[3]), nil
}
