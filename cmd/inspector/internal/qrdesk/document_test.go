package qrdesk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/sync/seal"
	"evalpad/test/harness"
)

// openapi is firmware-notes/openapi-qr.yaml.
type openapi struct {
	root    map[string]any
	schemas *jsonschema.Compiler
	mu      sync.Mutex // of the compiler
}

var readDocument = sync.OnceValues(func() (*openapi, error) {
	text, err := os.ReadFile("../../../../firmware-notes/openapi-qr.yaml")
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
	return &d, d.schemas.AddResource("qr.json", resource)
})

func document(t *testing.T) *openapi {
	t.Helper()
	d, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// get walks down the names; a $ref to a response on the way is followed.
func (d *openapi) get(from map[string]any, names ...string) map[string]any {
	for _, name := range names {
		from, _ = from[name].(map[string]any)
		if ref, ok := from["$ref"].(string); ok && strings.Contains(ref, "/responses/") {
			from = d.get(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return from
}

func (d *openapi) operation() map[string]any { return d.get(d.root, "paths", "/api/v1/qr", "post") }

// valid holds a text to the schema to which media points.
func (d *openapi) valid(t *testing.T, what string, media map[string]any, text string) {
	t.Helper()
	ref, _ := d.get(media, "schema")["$ref"].(string)
	d.mu.Lock()
	s, err := d.schemas.Compile("qr.json" + ref)
	d.mu.Unlock()
	if err != nil {
		t.Fatalf("schema %q: %v", ref, err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", what, err, text)
	}
}

// hold holds one exchange to the document: its status is there, what it says is as the schema has it, and a
// request that was done is one that the document allows.
func (d *openapi) hold(t *testing.T, body string, a answer) {
	t.Helper()
	what := fmt.Sprint("answer ", a.status)
	response := d.get(d.operation(), "responses", fmt.Sprint(a.status))
	if response == nil {
		t.Errorf("%s is not in the document: %s", what, a.text)
		return
	}
	for name := range d.get(response, "headers") {
		if a.header.Get(name) == "" {
			t.Errorf("%s: no header %s", what, name)
		}
	}
	d.valid(t, what, d.get(response, "content", "application/json"), a.text)
	if a.status == http.StatusOK {
		d.valid(t, what+", the request", d.get(d.operation(), "requestBody", "content", "application/json"), body)
	}
}

func (d *openapi) example(t *testing.T, at map[string]any) string {
	t.Helper()
	b, err := json.Marshal(d.get(at, "content", "application/json", "examples", "overall")["value"])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDocument provokes every status of the document; post holds the answers to it.
func TestDocument(t *testing.T) {
	d := document(t)
	body := d.example(t, d.get(d.operation(), "requestBody"))
	provoke := map[string]func(o *office) answer{
		"200": func(o *office) answer { return o.post("request-1", body) },
		"400": func(o *office) answer { return o.post("request-1", `{"nonsense":1}`) },
		"401": func(o *office) answer {
			return o.post("request-1", body, func(r *http.Request) { r.Header.Del("Authorization") })
		},
		"403": func(o *office) answer {
			return o.post("request-1", says(token(t, boxes, "pad-2", transaction), `{"overall":1}`))
		},
		"404": func(o *office) answer {
			return o.post("request-1", says(token(t, seal.KeyFromSeed([32]byte{9}), "pad-2", transaction), `{"overall":1}`))
		},
		"409": func(o *office) answer { o.post("request-1", body); return o.post("request-2", body) },
		"410": func(o *office) answer {
			var a casebook.Anchors
			a.Heard(nine.Add(-48*time.Hour), 24*time.Hour)
			a.Arrived(nine.Add(-48*time.Hour), 24*time.Hour)
			if err := o.book.KeepAnchors(t.Context(), place.Device, "b7e2", a); err != nil {
				t.Fatal(err)
			}
			return o.post("request-1", body)
		},
		"413": func(o *office) answer { return o.post("request-1", strings.Repeat(" ", 5000)) },
		"422": func(o *office) answer { return o.post("request-1", says("7", `{"overall":1}`)) },
		"429": func(o *office) (a answer) {
			for range 201 {
				a = o.post("request-1", `{}`)
			}
			return a
		},
		"503": func(o *office) answer { o.breakWith(errors.New("no disk")); return o.post("request-1", body) },
	}
	for _, status := range slices.Sorted(maps.Keys(d.get(d.operation(), "responses"))) {
		t.Run(status, func(t *testing.T) {
			if provoke[status] == nil {
				t.Fatal("nothing provokes it")
			}
			if a := provoke[status](newOffice(t)); fmt.Sprint(a.status) != status {
				t.Errorf("got %d %s", a.status, a.text)
			}
		})
	}
}

// TestCurl sends the document's own example with real curl, twice, and compares with the answer that the
// document shows. Its token is the golden one.
func TestCurl(t *testing.T) {
	curl := harness.Need(t, "curl")
	o, d := newOffice(t), document(t)
	body := d.example(t, d.get(d.operation(), "requestBody"))
	golden, err := os.ReadFile("../../../../sync/seal/testdata/v1/qr-token.txt")
	if err != nil || !strings.Contains(body, strings.TrimSpace(string(golden))) {
		t.Errorf("the example's token is not that of sync/seal/testdata (%v)", err)
	}
	for range 2 {
		out, err := exec.Command(curl, "--silent", "--show-error", "--fail-with-body", "--request", "POST",
			"--header", "Authorization: Bearer "+secret, "--header", "Idempotency-Key: 6b8f0a52-77a1-4d0e-9d5e-2f7f0c6a1e11",
			"--header", "Content-Type: application/json", "--data", body, o.server.URL+"/api/v1/qr").CombinedOutput()
		if err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}
		if diff := cmp.Diff(d.example(t, d.get(d.operation(), "responses", "200")), strings.TrimSpace(string(out))); diff != "" {
			t.Errorf("curl (-document +server):\n%s", diff)
		}
	}
	if c := o.cases(); len(c) != 1 || c[0].Evaluation != transaction {
		t.Errorf("cases %+v, want one of the example's transaction", c)
	}
}
