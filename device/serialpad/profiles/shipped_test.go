package profiles_test

import (
	"path"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"evalpad/device/serialpad/profiles"
)

// shipped compiles a profile that comes with the program, and so tries its vectors.
func shipped(t testing.TB, name string) *profiles.Protocol {
	t.Helper()
	p, err := profiles.Compile(read(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func read(t testing.TB, name string) (p profiles.Profile) {
	t.Helper()
	text, err := profiles.Shipped.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func names(t testing.TB) (names []string) {
	t.Helper()
	files, err := profiles.Shipped.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return names
}

func TestShipped(t *testing.T) {
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			if p := shipped(t, name); p.Name() != name {
				t.Errorf("the file is called %s, the profile in it %s", name, p.Name())
			}
		})
	}
}
