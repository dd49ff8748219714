package counterdesk_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"evalpad/device"
	"evalpad/test/harness"
)

// openapi is firmware-notes/openapi-counterdesk.yaml.
type openapi struct {
	root    map[string]any
	schemas *jsonschema.Compiler
	mu      sync.Mutex // of the compiler
}

var readDocument = sync.OnceValues(func() (*openapi, error) {
	text, err := os.ReadFile("../../firmware-notes/openapi-counterdesk.yaml")
	if err != nil {
		return nil, err
	}
	var d openapi
	if err := yaml.Unmarshal(text, &d.root); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(d.root) // numbers and keys as JSON has them
	if err != nil {
		return nil, err
	}
	resource, err := jsonschema.UnmarshalJSON(strings.NewReader(string(plain)))
	if err != nil {
		return nil, err
	}
	d.root = resource.(map[string]any)
	d.schemas = jsonschema.NewCompiler()
	d.schemas.DefaultDraft(jsonschema.Draft2020)
	d.schemas.AssertFormat()
	return &d, d.schemas.AddResource("desk.json", resource)
})

func document(t *testing.T) *openapi {
	t.Helper()
	d, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// get walks down the names; a $ref on the way is followed.
func (d *openapi) get(from map[string]any, names ...string) map[string]any {
	for _, name := range names {
		from, _ = from[name].(map[string]any)
		if ref, ok := from["$ref"].(string); ok && strings.Contains(ref, "/responses/") {
			from = d.get(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return from
}

// template is the path of the document that a request's path is an instance of.
func (d *openapi) template(path string) string {
	parts := strings.Split(strings.SplitN(path, "?", 2)[0], "/")
	if len(parts) == 6 {
		parts[4] = "{counter}"
	}
	return strings.Join(parts, "/")
}

func (d *openapi) schema(t *testing.T, media map[string]any) *jsonschema.Schema {
	t.Helper()
	ref, _ := d.get(media, "schema")["$ref"].(string)
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.schemas.Compile("desk.json" + ref)
	if err != nil {
		t.Fatalf("schema %q: %v", ref, err)
	}
	return s
}

// hold holds one exchange to the document: its status is there, what it says is as the schema has it, and
// a request that was done is one that the document allows.
func (d *openapi) hold(t *testing.T, method, path, body string, a answer) {
	t.Helper()
	what := fmt.Sprintf("%s %s: %d", method, path, a.status)
	operation := d.get(d.root, "paths", d.template(path), strings.ToLower(method))
	response := d.get(operation, "responses", fmt.Sprint(a.status))
	if response == nil {
		t.Errorf("%s is not in the document: %s", what, a.text)
		return
	}
	for name, h := range d.get(response, "headers") {
		pattern := h.(map[string]any)["schema"].(map[string]any)["pattern"].(string)
		if got := a.header.Get(name); !matches(t, pattern, got) {
			t.Errorf("%s: header %s %q, want %s", what, name, got, pattern)
		}
	}
	content := d.get(response, "content")
	if content == nil && a.text != "" {
		t.Errorf("%s has a body: %s", what, a.text)
	}
	if media := d.get(content, "application/json"); media != nil {
		validate(t, what, d.schema(t, media), a.text)
	}
	if asked := d.get(operation, "requestBody", "content", "application/json"); asked != nil && a.status == http.StatusOK && body != "" {
		validate(t, what+", the request", d.schema(t, asked), body)
	}
}

func matches(t *testing.T, pattern, text string) bool {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("pattern.json", map[string]any{"type": "string", "pattern": pattern}); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("pattern.json").Validate(text) == nil
}

func validate(t *testing.T, what string, schema *jsonschema.Schema, text string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", what, err, text)
	}
}

// operation is one path and method of the document.
type operation struct {
	path, method string
	*openapi
	node map[string]any
}

func (d *openapi) operations() (all []operation) {
	paths := d.get(d.root, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.get(paths, path))) {
			if node := d.get(paths, path, method); node != nil {
				all = append(all, operation{path, strings.ToUpper(method), d, node})
			}
		}
	}
	return all
}

// examples are the bodies of the request by name, or one empty one.
func (o operation) examples(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for name, e := range o.get(o.node, "requestBody", "content", "application/json", "examples") {
		found[name] = text(t, e.(map[string]any)["value"])
	}
	if len(found) == 0 {
		found["bare"] = ""
	}
	return found
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDocument exercises every path, method and status of the document, each at a box of its own; send
// holds the answers to it.
func TestDocument(t *testing.T) {
	n := 0
	for _, o := range document(t).operations() {
		for _, status := range slices.Sorted(maps.Keys(o.get(o.node, "responses"))) {
			n++
			t.Run(fmt.Sprintf("%s %s %s", o.method, strings.ReplaceAll(o.path, "/", "."), status), func(t *testing.T) {
				t.Parallel()
				b := openBox(t)
				got := provoke(t, b, o, status)
				if fmt.Sprint(got.status) != status {
					t.Errorf("got %d %s, want %s", got.status, got.text, status)
				}
			})
		}
	}
	if n < 45 {
		t.Errorf("%d statuses in the document, want at least 45", n)
	}
}

// provoke makes the box answer an operation with a status, by whatever leads to it.
func provoke(t *testing.T, b *box, o operation, status string) answer {
	t.Helper()
	path, client, token := strings.ReplaceAll(o.path, "{counter}", "c03"), b.client, secret
	body := slices.Sorted(maps.Values(o.examples(t)))[0]
	if given := o.examples(t)["ticket"]; given != "" {
		body = given
	}
	switch status {
	case "400":
		body = `{"nonsense": 1}`
	case "401":
		token = "another token of sufficient length"
	case "403":
		client = clientFrom("127.0.0.2")
	case "404":
		path = strings.ReplaceAll(o.path, "{counter}", "c99")
	case "409":
		b.send("POST", at+"prompt", body)
		b.keys.press(5)
	case "413":
		body = `{"ticket": "` + strings.Repeat("A", 5000) + `"}`
	case "429":
		b.server.Exhaust(netip.MustParseAddr("127.0.0.1")) // a slow machine could not ask fast enough
	case "503":
		b.stopDesk()
	}
	a, err := b.sendAs(client, token, o.method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestCurl drives the server with real curl, TLS and the document's own examples, one after the other as a
// program would, and compares with the answers that the document shows.
func TestCurl(t *testing.T) {
	curl := harness.Need(t, "curl")
	b := newBox(t).secure()
	for _, o := range document(t).operations() {
		path := strings.ReplaceAll(o.path, "{counter}", "c03")
		for _, name := range slices.Sorted(maps.Keys(o.examples(t))) {
			args := []string{
				"--silent", "--show-error", "--fail-with-body", "--tlsv1.3", "--cacert", b.options.Cert, "--request", o.method,
				"--header", "Authorization: Bearer " + secret, strings.TrimSuffix(b.server.URL(), "/") + path,
			}
			if body := o.examples(t)[name]; body != "" {
				args = append(args, "--header", "Content-Type: application/json", "--data", body)
			}
			out, err := exec.Command(curl, args...).CombinedOutput()
			if err != nil {
				t.Errorf("curl %s %s (%s): %v\n%s", o.method, path, name, err, out)
				continue
			}
			shown, ok := o.get(o.node, "responses", "200", "content", "application/json", "examples", name)["value"]
			if path == "/api/v1/counters" || !ok {
				continue // the document's box has two counters; a page and a state have no one answer
			}
			var got any
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if diff := cmp.Diff(text(t, shown), text(t, got)); diff != "" && !strings.HasSuffix(path, "/state") {
				t.Errorf("curl %s %s (%s) (-document +server):\n%s", o.method, path, name, diff)
			}
		}
	}
	ended := b.disk.ended()
	if len(ended) == 0 {
		t.Error("curl has prompted and noted, and nothing is in the store")
	}
}

// TestDocumentIsForTheEye looks for what every operation should have.
func TestDocumentIsForTheEye(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range document(t).operations() {
		id, _ := o.node["operationId"].(string)
		if id == "" || seen[id] || o.node["summary"] == nil {
			t.Errorf("%s %s: operationId %q, summary %v", o.method, o.path, id, o.node["summary"])
		}
		seen[id] = true
		for name, e := range o.get(o.node, "responses", "200", "content", "application/json", "examples") {
			media := o.get(o.node, "responses", "200", "content", "application/json")
			validate(t, id+" example "+name, o.schema(t, media), text(t, e.(map[string]any)["value"]))
		}
	}
	if page, err := filepath.Glob("page/*"); err != nil || len(page) != 3 {
		t.Errorf("%v, %v", page, err)
	}
}

var _ device.Driver = (*keys)(nil)
