package counterdesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxBody is the longest body that is read, in bytes.
const maxBody = 4 << 10

// maxText is how long a ticket, a name or a staff number may be, in bytes.
const maxText = 64

// field is one member that a body may have.
type field struct {
	name     string
	required bool
	fault    func(string) string // what to write instead; "" where it is right
}

var (
	ticketField  = field{"ticket", false, textFault}
	ticketNeeded = field{"ticket", true, textFault}
	tellerField  = field{"teller", true, textFault}
	byField      = field{"by", false, byFault}
	serviceField = field{"service", false, serviceFault}
)

func textFault(v string) string {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if v == "" || len(v) > maxText || strings.ContainsFunc(v, control) {
		return fmt.Sprintf("write 1 to %d bytes of text without control characters", maxText)
	}
	return ""
}

// othersNames are who else prompts: a record must not name one of them for what a program did.
var othersNames = []string{"headquarters", "caller keypad"}

func byFault(v string) string {
	if slices.Contains(othersNames, v) {
		return "that name is another's: write the program's own, or leave it out"
	}
	return textFault(v)
}

func serviceFault(v string) string {
	if v != "ordinary" && v != "priority" {
		return "write ordinary or priority, the queue's class, or leave it out"
	}
	return ""
}

// readBody reads a JSON object with these members and no others; no body is an empty object.
func readBody(w http.ResponseWriter, r *http.Request, fields ...field) (map[string]string, *problem) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &problem{http.StatusRequestEntityTooLarge, "too-long", "", fmt.Sprintf("the body is longer than %d bytes", maxBody)}
	}
	if err != nil {
		return nil, badBody("the body has not come in time")
	}
	members := map[string]json.RawMessage{}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) > 0 && text[0] != '{', len(text) > 0 && json.Unmarshal(text, &members) != nil:
		return nil, badBody(`the body is no JSON object: write {} with ` + namesOf(fields))
	}
	return readFields(members, fields)
}

func badBody(words string) *problem {
	return &problem{http.StatusBadRequest, "bad-body", "", words}
}

func readFields(members map[string]json.RawMessage, fields []field) (map[string]string, *problem) {
	values := map[string]string{}
	for _, f := range fields {
		raw, there := members[f.name]
		delete(members, f.name)
		var v string
		switch {
		case !there && f.required:
			return nil, badField(f.name, "it is missing: "+f.fault(""))
		case !there:
			continue
		case raw[0] != '"' || json.Unmarshal(raw, &v) != nil:
			return nil, badField(f.name, "write a text in quotes")
		case f.fault(v) != "":
			return nil, badField(f.name, f.fault(v))
		}
		values[f.name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		return nil, badField(clip(name), "not a member of this request: write "+namesOf(fields))
	}
	return values, nil
}

func badField(name, words string) *problem {
	return &problem{http.StatusBadRequest, "bad-field", name, name + ": " + words}
}

// clip shortens what a caller wrote, so that an answer stays short.
func clip(name string) string {
	if runes := []rune(name); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return name
}

func namesOf(fields []field) string {
	if len(fields) == 0 {
		return "nothing in it"
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}
