package test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestAnswersToTheField: every test that the page names as an answer is there.
func TestAnswersToTheField(t *testing.T) {
	text, err := os.ReadFile("../firmware-notes/field.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range testFiles(t) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(source)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 16 {
		t.Errorf("%d tests are named, want one for every story at least", len(named))
	}
	for _, name := range named {
		if !strings.Contains(all.String(), "\nfunc "+name[1]+"(") {
			t.Errorf("%s is named, and there is no such test", name[1])
		}
	}
}
