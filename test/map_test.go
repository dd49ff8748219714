package test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// roads says who may import whom within the project: every package has a row, every arrow is
// listed, and a new arrow is an edited row with its reason in the commit. Test files are exempt.
var roads = map[string]string{
	"sync/wire":   "",
	"sync/seal":   "sync/wire",
	"sync/outbox": "sync/wire sync/seal",
	"sync/link":   "sync/wire",
	"sync/uplink": "sync/wire sync/seal sync/outbox sync/link",

	"device":                    "",
	"device/contact":            "device",
	"device/gpiokeys":           "device device/contact",
	"device/hidkeys":            "device device/contact device/hidkeys/keynames",
	"device/hidkeys/keynames":   "",
	"device/serialpad":          "device device/contact device/serialpad/profiles", // contact: the inputs of a module that is asked are switches
	"device/serialpad/profiles": "device",
	"device/touch":              "device",

	"agent/evaluation":  "device sync/wire",
	"agent/alert":       "sync/wire",
	"agent/control":     "",
	"agent/counterdesk": "agent/evaluation", // what a desk's errors mean to a teller's program
	"agent":             "agent/evaluation agent/alert agent/control device sync/wire sync/seal sync/outbox sync/link sync/uplink",

	"cmd/internal/rulebook":        "sync/wire",
	"cmd/internal/config":          "device/serialpad/profiles device/hidkeys/keynames cmd/internal/rulebook sync/wire", // a pad profile and a bank's template are files with places, too, and a key is checked where its name stands
	"cmd/internal/command":         "cmd/internal/config",                                                               // a fault in a configuration has an exit code of its own
	"cmd/evalpad/internal/probing": "device device/serialpad/profiles",                                                  // what makes sense of bytes, without a port
	"cmd/evalpad": "agent agent/control agent/counterdesk agent/evaluation cmd/evalpad/internal/probing cmd/internal/config cmd/internal/command device device/gpiokeys device/hidkeys device/serialpad device/serialpad/profiles device/touch " +
		"sync/wire sync/seal sync/outbox sync/link sync/uplink",

	"cmd/inspector/internal/casebook":  "sync/wire",
	"cmd/inspector/internal/rates":     "sync/wire",
	"cmd/inspector/internal/integrity": "sync/wire cmd/inspector/internal/rates",
	"cmd/inspector/internal/ledger":    "sync/wire sync/seal cmd/inspector/internal/casebook cmd/inspector/internal/rates", // seal: a key is named by its hash
	"cmd/inspector/internal/identity":  "sync/wire sync/seal",
	"cmd/inspector/internal/intake":    "sync/wire sync/seal sync/link cmd/inspector/internal/casebook cmd/inspector/internal/ledger",
	"cmd/inspector/internal/board":     "sync/wire cmd/inspector/internal/casebook cmd/inspector/internal/ledger cmd/inspector/internal/rates cmd/inspector/internal/integrity",
	"cmd/inspector/internal/app": "sync/wire sync/seal sync/link cmd/inspector/internal/casebook cmd/inspector/internal/ledger " +
		"cmd/inspector/internal/identity cmd/inspector/internal/intake",
	"cmd/inspector/internal/qrdesk": "sync/wire sync/seal cmd/inspector/internal/casebook cmd/inspector/internal/ledger", // seal: a code's token is verified here
	"cmd/inspector": "cmd/internal/config cmd/internal/command sync/wire cmd/inspector/internal/app cmd/inspector/internal/board " +
		"cmd/inspector/internal/qrdesk cmd/inspector/internal/casebook cmd/inspector/internal/ledger cmd/inspector/internal/rates cmd/inspector/internal/integrity",

	"device/devicetest": "device",
	"sync/outboxtest":   "sync/wire sync/seal sync/outbox",
	"sync/linktest":     "sync/wire sync/link test/harness",
	"test/faultdisk":    "test/harness",
	"test/harness":      "agent/control",     // asks a box as evalpad status does
	"test/run":          "device/devicetest", // PAD=ff68 make run has a simulated pad
	"test/trial":        "",
	"test/faults":       "test/trial",
	"test/vm":           "test/harness test/vm/orders",
	"test/vm/guest":     "test/vm/orders",
	"test/vm/orders":    "",
}

// doors says which packages may open which library: one library, one door.
var doors = map[string]string{
	"github.com/tarm/serial":              "device/serialpad",
	"go.etcd.io/bbolt":                    "sync/outbox",
	"github.com/eclipse/paho.mqtt.golang": "sync/link",
	"periph.io/x/conn":                    "device/gpiokeys",
	"periph.io/x/host":                    "device/gpiokeys",
	"github.com/mochi-mqtt/server":        "cmd/inspector/internal/app sync/linktest",
	"modernc.org/sqlite":                  "cmd/inspector/internal/ledger",
	"github.com/pressly/goose":            "cmd/inspector/internal/ledger",
	"go.yaml.in/yaml":                     "cmd/internal/config",
	"github.com/agnivade/levenshtein":     "cmd/internal/config",
	"github.com/spf13/cobra":              "cmd/evalpad cmd/inspector cmd/internal/command",
	"github.com/coreos/go-systemd/v22":    "cmd/evalpad cmd/inspector",
	"github.com/creack/pty":               "device/devicetest",
	"github.com/hanwen/go-fuse/v2":        "test/faultdisk",
	"github.com/chromedp/chromedp":        "test/harness",
	"github.com/piglig/go-qr":             "device/touch",
	"golang.org/x/term":                   "test/run",
}

// TestMap reads the imports from the source, so that a broken rule cannot hide in a test cache.
func TestMap(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range sources(t) {
		pkg := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(file, "../")))
		seen[pkg] = true
		row, known := roads[pkg]
		if !known {
			t.Errorf("%s: package %s has no row in the map", file, pkg)
			continue
		}
		for _, path := range imports(t, file) {
			if why := forbidden(pkg, row, path); why != "" {
				t.Errorf("%s imports %s: %s", file, path, why)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(roads)) {
		if !seen[pkg] {
			t.Errorf("the map has a row for %s, which holds no Go file", pkg)
		}
	}
}

func forbidden(pkg, row, path string) string {
	if own, ok := strings.CutPrefix(path, "evalpad/"); ok {
		if !slices.Contains(strings.Fields(row), own) {
			return "the map draws no road from " + pkg
		}
		return ""
	}
	if !strings.Contains(strings.Split(path, "/")[0], ".") {
		return "" // the standard library is open to all
	}
	for library, door := range doors {
		if path == library || strings.HasPrefix(path, library+"/") {
			if !slices.Contains(strings.Fields(door), pkg) {
				return "the door to " + library + " is " + door
			}
			return ""
		}
	}
	return "this library has no door in the map"
}

func sources(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("find the sources: %d files, %v", len(files), err)
	}
	return files
}

func imports(t *testing.T, file string) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// TestTopLevel keeps the top level to what it is: everything else has a folder whose name tells its job.
func TestTopLevel(t *testing.T) {
	want := strings.Fields("cmd agent device sync firmware-notes test go.mod go.sum Makefile README.md")
	entries, err := filepath.Glob("../*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range entries {
		if name := filepath.Base(path); !strings.HasPrefix(name, ".") && !slices.Contains(want, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}
