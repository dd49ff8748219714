package test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"evalpad/sync/wire"
)

// What the outside is told, and what holds it to the code: the bytes of the golden lines, and the
// source of the structs that are sent.
const (
	notes    = "../firmware-notes"
	schemas  = notes + "/schemas"
	goldens  = "../sync/seal/testdata/v1/"
	casebook = "../cmd/inspector/internal/casebook"
	wireCode = "../sync/wire"
)

// TestContractGoldens holds every golden line of every version to its schema.
func TestContractGoldens(t *testing.T) {
	files, err := filepath.Glob("../sync/seal/testdata/v*/*.json")
	if err != nil || len(files) < 9 {
		t.Fatalf("golden lines: %d, %v: want at least 9", len(files), err)
	}
	for _, file := range append(files, casebook+"/testdata/case.json", casebook+"/testdata/new-case.json") {
		line := readJSON(t, file)
		if err := schemaOf(t, file, line).Validate(line); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// schemaOf tells a golden line's schema by its file's name, as new-case.json; records all have the
// one envelope.
func schemaOf(t *testing.T, file string, line any) *jsonschema.Schema {
	t.Helper()
	if at(line, "specversion") != nil {
		return compile(t, "record.json")
	}
	name := filepath.Base(file)
	return compile(t, name[strings.LastIndexByte(name, '-')+1:])
}

// TestContractRefusesBadLines plants one fault in a golden line at a time: the schema that lets it
// pass is no schema.
func TestContractRefusesBadLines(t *testing.T) {
	const aCase = casebook + "/testdata/case"
	for _, c := range []struct {
		file, at string
		plant    any
	}{
		{"evaluation", "data/scores/compliance", 6}, {"evaluation", "data/scores/compliance", 0},
		{"evaluation", "data/scores/compliance", 3.5}, {"evaluation", "data/scores/courtesy", 5},
		{"evaluation", "data/scores/attitude", 3}, // and still dissatisfied
		{"evaluation", "data/dissatisfied", false},
		{"evaluation", "data/outcome", "not-rated"}, // with three scores
		{"evaluation", "data/outcome", "satisfied"}, {"evaluation", "data/scores", gone{}},
		{"evaluation", "data/counter", "C 03"}, {"evaluation", "data/service", "elderly"},
		{"evaluation", "data/pressed/wall", gone{}}, {"evaluation", "data/pressed/uptime_ms", -1},
		{"evaluation-clock-unset", "data/pressed/error_ms", 40},
		{"evaluation", "id", "17"}, {"evaluation", "seq", 0}, {"evaluation", "sig", gone{}},
		{"evaluation", "time", "2026-11-23 02:11:09"}, {"evaluation", "time", "2026-13-23T02:11:09.120Z"},
		{"evaluation", "source", "/evalpad/r11/b 0731/pad-0731-03"}, {"evaluation", "type", "evalpad.case.v1"},
		{"alert", "data/plan_by", gone{}}, {"alert", "data/scores/attitude", 5}, // then it is no alert
		{"event", "data/opened", gone{}}, {"event", "data/event", "start"}, // the first record opens the epoch
		{"event", "prev", strings.Repeat("ab", 32)},
		{"event-rules", "data/rules", gone{}}, {"event-rules", "data/rules/part", 0}, {"event-rules", "data/rules/counters/0/window_ms", 0},
		{"event-rules", "data/rules/counters/0/pads/0/keys/00", 6}, {"event-rules", "data/rules/counters/0/pads/0/profile_sha256", "1f8b"},
		{"event-rules", "data/rules/counters/1/hammer", map[string]any{}}, {"event-tally", "data/tally/unmapped-key", -1},
		{"status", "state", "asleep"}, {"status", "session", 0}, {"status", "boot", ""}, {"status", "sig", "c2hvcnQ"},
		{"heartbeat", "state", "lost"}, {"heartbeat", "degraded", nil}, {"heartbeat", "refused/unmapped-key", -1},
		{"receipt", "window", 257}, {"receipt", "also/0/head", gone{}}, {"receipt", "by/cert", gone{}},
		{"receipt", "epoch", ""}, {"receipt", "through", 0}, // under a head
		{"command", "resend", gone{}}, {"command", "command", "reboot"},
		{"command", "command", "prompt"}, // without one
		{"headquarters", "spread_s", 0},
		{aCase, "ticket", "A017"}, {aCase, "state", "forgotten"},
		{aCase, "history/6/plan/owner", gone{}}, {aCase, "rounds/0/investigate_by", gone{}},
	} {
		t.Run(filepath.Base(c.file)+" "+strings.ReplaceAll(c.at, "/", "."), func(t *testing.T) {
			file := c.file + ".json"
			if c.file != aCase {
				file = goldens + file
			}
			line := readJSON(t, file)
			schema := schemaOf(t, file, line)
			plant(t, line, c.at, c.plant)
			if schema.Validate(line) == nil {
				t.Errorf("%s with %s = %v passes", file, c.at, c.plant)
			}
		})
	}
}

// TestSchemasFollowTheCode compares the members that a schema names, and those that it requires,
// with the struct that is sent.
func TestSchemasFollowTheCode(t *testing.T) {
	signed := strings.Fields("record.json status.json heartbeat.json receipt.json command.json headquarters.json")
	for where, from := range map[string]string{
		"record.json": "Record", "evaluation.json": "Evaluation", "alert.json": "Alert", "event.json": "Event",
		"status.json": "Status", "heartbeat.json": "Heartbeat", "receipt.json": "Receipt", "command.json": "Command",
		"headquarters.json": "HeadquartersStatus", "case.json": "Case",
		"common.json#/$defs/stamp": "Stamp", "common.json#/$defs/epoch-state": "EpochState",
		"common.json#/$defs/span": "Span", "common.json#/$defs/mandate": "Mandate", "heartbeat.json#/$defs/heard": "Heard",
		"event.json#/$defs/opened": "EpochOpened", "event.json#/$defs/missing": "Missing", "event.json#/$defs/parked": "RecordName",
		"event.json#/$defs/clock": "ClockMove", "event.json#/$defs/rules": "RulesInForce", "event.json#/$defs/counter-rules": "CounterRules",
		"event.json#/$defs/hammer": "HammerRule", "event.json#/$defs/pad-rules": "PadRules",
		"command.json#/$defs/resend": "Resend", "command.json#/$defs/prompt": "Prompt",
		"case.json#/$defs/round": "Round", "case.json#/$defs/entry": "Entry", "case.json#/$defs/plan": "Plan",
	} {
		dir := wireCode
		if strings.HasPrefix(where, "case.json") {
			dir = casebook
		}
		want := membersOfStruct(t, dir, from)
		if slices.Contains(signed, where) {
			want["sig"] = true // appended to what the struct writes
		}
		got := membersOfSchema(t, where)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s and %s (-code +schema; true is required):\n%s", where, from, diff)
		}
	}
}

// TestSchemasKnowTheWords finds every word of the code in the schema that lists such words.
func TestSchemasKnowTheWords(t *testing.T) {
	for where, want := range map[string][]string{
		"event.json#/properties/event/examples":               constants(t, wireCode, "Event"),
		"evaluation.json#/properties/flags/items/examples":    constants(t, wireCode, "Flag"),
		"event.json#/$defs/pad-rules/properties/pad/examples": constants(t, wireCode, "Pad"),
		"command.json#/properties/command/enum":               constants(t, wireCode, "Command"),
		"case.json#/properties/state/enum":                    constants(t, casebook, "State"),
		"case.json#/$defs/entry/properties/step/enum":         constants(t, casebook, "Step"),
		"case.json#/$defs/entry/properties/deadline/enum":     constants(t, casebook, "Deadline"),
	} {
		if diff := cmp.Diff(want, texts(schemaAt(t, where))); diff != "" {
			t.Errorf("%s (-code +schema):\n%s", where, diff)
		}
	}
}

// TestAsyncAPINamesEveryKind holds each channel to the topic that the code builds, and to its QoS
// and retain flag.
func TestAsyncAPINamesEveryKind(t *testing.T) {
	doc := asyncAPI(t)
	if v, _ := doc["asyncapi"].(string); !strings.HasPrefix(v, "3.") {
		t.Errorf("asyncapi: %v, want 3", doc["asyncapi"])
	}
	root, place := wire.Topics("evalpad/v1"), wire.Place{Region: "{region}", Branch: "{branch}", Device: "{device}"}
	want := map[string]string{"headquarters": root.Headquarters() + " qos 1 retained true"}
	for _, kind := range constants(t, wireCode, "Kind") {
		want[kind] = root.Of(place, wire.Kind(kind)) + " qos 1 retained false"
	}
	want["status"] = root.Of(place, wire.KindStatus) + " qos 1 retained true"
	want["heartbeat"] = root.Of(place, wire.KindHeartbeat) + " qos 0 retained false"
	got := map[string]string{}
	for _, operation := range doc["operations"].(map[string]any) {
		channel, _ := at(operation, "channel/$ref").(string)
		mqtt := at(operation, "bindings/mqtt").(map[string]any)
		address, _ := at(doc, strings.TrimPrefix(channel, "#/")+"/address").(string)
		got[path.Base(channel)] = fmt.Sprintf("%s qos %v retained %v", address, mqtt["qos"], mqtt["retain"])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("channels (-code +asyncapi.yaml):\n%s", diff)
	}
	if n := len(doc["channels"].(map[string]any)); n != len(want) {
		t.Errorf("%d channels, want %d", n, len(want))
	}
}

// TestAsyncAPIRefersToWhatIsThere follows every reference, and finds every schema referred to.
func TestAsyncAPIRefersToWhatIsThere(t *testing.T) {
	doc := asyncAPI(t)
	used := map[string]bool{}
	for _, ref := range refs(doc) {
		file, inside, _ := strings.Cut(ref, "#/")
		if file != "" {
			used[path.Base(file)] = true
			compile(t, path.Base(file))
		} else if at(doc, inside) == nil {
			t.Errorf("asyncapi.yaml refers to %s, which is not there", ref)
		}
	}
	files, err := filepath.Glob(schemas + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(file))
		for _, ref := range refs(readJSON(t, file)) {
			if name, _, _ := strings.Cut(ref, "#"); name != "" {
				used[name] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(used)), names); diff != "" {
		t.Errorf("schemas (-referred to +there):\n%s", diff)
	}
}

func asyncAPI(t *testing.T) (doc map[string]any) {
	t.Helper()
	text, err := os.ReadFile(notes + "/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schemas + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readJSON(t *testing.T, file string) any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return doc
}

// gone takes a member out; nil plants a null.
type gone struct{}

func plant(t *testing.T, in any, way string, what any) {
	t.Helper()
	last := path.Base(way)
	object, ok := at(in, strings.TrimSuffix(way, last)).(map[string]any)
	if _, there := object[last]; !ok || !there && what == (any)(gone{}) {
		t.Fatalf("nothing at %s", way)
	}
	object[last] = what
	if what == (any)(gone{}) {
		delete(object, last)
	}
}

// at follows a way through objects and lists; nil where it ends.
func at(in any, way string) any {
	for step := range strings.FieldsFuncSeq(way, func(r rune) bool { return r == '/' }) {
		switch v := in.(type) {
		case map[string]any:
			in = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			in = v[i]
		default:
			return nil
		}
	}
	return in
}

func refs(in any) (found []string) {
	switch v := in.(type) {
	case map[string]any:
		for name, value := range v {
			if ref, ok := value.(string); ok && name == "$ref" {
				found = append(found, ref)
			}
			found = append(found, refs(value)...)
		}
	case []any:
		for _, value := range v {
			found = append(found, refs(value)...)
		}
	}
	return found
}

func schemaAt(t *testing.T, place string) any {
	t.Helper()
	file, inside, _ := strings.Cut(place, "#")
	return at(readJSON(t, schemas+"/"+file), inside)
}

// membersOfSchema lists the members of an object and of those that it builds on; true is required.
func membersOfSchema(t *testing.T, place string) map[string]bool {
	t.Helper()
	doc := schemaAt(t, place).(map[string]any)
	members := map[string]bool{}
	if base, ok := at(doc, "allOf/0/$ref").(string); ok {
		members = membersOfSchema(t, base)
	}
	properties, _ := doc["properties"].(map[string]any)
	required := texts(doc["required"])
	for name, shape := range properties {
		if shape != false { // that names a member only to forbid it
			members[name] = members[name] || slices.Contains(required, name)
		}
	}
	return members
}

// texts is a list of texts, sorted.
func texts(list any) (found []string) {
	values, _ := list.([]any)
	for _, v := range values {
		found = append(found, v.(string))
	}
	return slices.Sorted(slices.Values(found))
}

// declared calls found for every declaration of one kind in a folder's sources.
func declared(t *testing.T, dir string, kind token.Token, found func(ast.Spec)) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == kind {
				for _, spec := range g.Specs {
					found(spec)
				}
			}
		}
	}
}

// constants lists the texts of the constants whose names begin so.
func constants(t *testing.T, dir, prefix string) (found []string) {
	t.Helper()
	declared(t, dir, token.CONST, func(s ast.Spec) {
		v := s.(*ast.ValueSpec)
		if len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, prefix) {
			return
		}
		if text, ok := v.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
			word, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, word)
		}
	})
	return slices.Sorted(slices.Values(found))
}

// membersOfStruct lists the JSON members of a struct, embedded ones too; true is always written.
func membersOfStruct(t *testing.T, dir, name string) map[string]bool {
	t.Helper()
	members := map[string]bool{}
	declared(t, dir, token.TYPE, func(s ast.Spec) {
		spec := s.(*ast.TypeSpec)
		body, ok := spec.Type.(*ast.StructType)
		if !ok || spec.Name.Name != name {
			return
		}
		for _, field := range body.Fields.List {
			if field.Tag == nil {
				if embedded, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 {
					maps.Copy(members, membersOfStruct(t, dir, embedded.Name))
				}
				continue
			}
			tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
			if member, options, _ := strings.Cut(tag, ","); member != "-" {
				members[member] = options == ""
			}
		}
	})
	return members
}
