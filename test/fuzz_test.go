package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFuzzScript holds that fuzz.sh feeds every fuzz target there is.
func TestFuzzScript(t *testing.T) {
	script, err := os.ReadFile("fuzz.sh")
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	found := 0
	for _, file := range testFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range target.FindAllStringSubmatch(string(text), -1) {
			found++
			line := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(file, "../"))) + ":" + name[1]
			if !strings.Contains(string(script), line+" ") && !strings.Contains(string(script), line+";") {
				t.Errorf("fuzz.sh leaves out %s", line)
			}
		}
	}
	if lines := strings.Count(string(script), ":Fuzz"); lines != found {
		t.Errorf("fuzz.sh names %d targets, there are %d", lines, found)
	}
}

func testFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
