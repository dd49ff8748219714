package test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"evalpad/test/harness"
)

var yamlBlocks = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestPageConfigurations holds every example of a pad's or a board's page to evalpad check: branch IT
// will copy it.
func TestPageConfigurations(t *testing.T) {
	pads, err := filepath.Glob(notes + "/pads/*.md")
	boards, err2 := filepath.Glob(notes + "/boards/*.md")
	pages := slices.Concat(pads, boards)
	if err := errors.Join(err, err2); err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v; want 10 at least", len(pages), err)
	}
	site, seen := harness.NewSite(t), 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range yamlBlocks.FindAllStringSubmatch(string(text), -1) {
			for _, config := range configurations(t, site.Dir, block[1]) {
				seen++
				writeFile(t, site.EvalpadConfig, config)
				if _, errs, code := harness.Run(t, "evalpad", "check", "-c", site.EvalpadConfig); code != 0 {
					t.Errorf("%s: exit %d, %s\n%s", page, code, errs, config)
				}
			}
		}
	}
	if seen < 12 {
		t.Errorf("%d examples were found, want 12 at least", seen)
	}
}

// configurations completes what a page shows: parts of evalpad.yaml, of which several pads below each
// other are an example each, or the file of a profile, which goes into dir and is put to use.
func configurations(t *testing.T, dir, block string) (whole []string) {
	t.Helper()
	const box = "device: pad-1\nregion: r11\nbranch: b0731\nheadquarters: {broker: mqtt://127.0.0.1:1883}\n"
	const counter = "counters:\n  - counter: c03\n    pad:"
	if name, profile := strings.CutPrefix(block, "profile: "); profile {
		name = strings.Fields(name)[0]
		if err := os.MkdirAll(filepath.Join(dir, "profiles"), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "profiles", name+".yaml"), block)
		return []string{box + "profiles: profiles\n" + counter + " {serial: {port: /dev/ttyUSB0, profile: " + name + "}}\n"}
	}
	if strings.HasPrefix(block, "ask:") { // of one counter
		return []string{box + "counters:\n  - counter: c03\n    " + strings.ReplaceAll(strings.TrimSpace(block), "\n", "\n    ") + "\n"}
	}
	if !strings.HasPrefix(block, "pad:") {
		return []string{box + block}
	}
	for pad := range strings.SplitSeq("\n"+strings.TrimSpace(block), "\npad:") {
		if pad != "" {
			whole = append(whole, box+counter+strings.ReplaceAll(pad, "\n", "\n    ")+"\n")
		}
	}
	return whole
}
