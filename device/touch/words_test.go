package touch_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"evalpad/device"
	"evalpad/device/touch"
)

// file writes one file into a folder of the test.
func file(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// english is the shipped English with changes, as a file.
func english(t *testing.T, changes map[string]string) string {
	t.Helper()
	shipped, err := os.ReadFile("words/en.json")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(shipped, &words); err != nil {
		t.Fatal(err)
	}
	maps.Copy(words, changes)
	maps.DeleteFunc(words, func(_, word string) bool { return word == "" })
	text, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestShippedLanguagesSayTheSame(t *testing.T) {
	said := map[string][]string{}
	for _, name := range []string{"zh", "en"} {
		text, err := os.ReadFile("words/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{}
		if err := json.Unmarshal(text, &words); err != nil {
			t.Fatal(err)
		}
		for key := range words {
			said[key] = append(said[key], name)
		}
	}
	for key, names := range said {
		if len(names) != 2 {
			t.Errorf("only %s says %q", names, key)
		}
	}
}

func TestAFolderAddsALanguageAndReasons(t *testing.T) {
	folder := t.TempDir()
	file(t, folder, "ug.json", english(t, map[string]string{"name": "ئۇيغۇرچە", "lang": "ug", "dir": "rtl"}))
	file(t, folder, "zh.json", `{"reason-machine":"自助设备"}`)
	synctest.Test(t, func(t *testing.T) {
		p := openPad(t, touch.Options{Words: folder})
		said := p.get("/words.js").body
		for _, want := range []string{`"file":"zh"`, `"dir":"rtl"`, "ئۇيغۇرچە", "自助设备", "服务态度"} {
			if !strings.Contains(said, want) {
				t.Errorf("the page is not told %s", want)
			}
		}
		p.show(device.Show{Kind: device.Why, Codes: "attitude machine"})
		if got := p.browse().next(); got.Codes != "attitude machine" {
			t.Errorf("shown %+v, want the bank's own reason too", got)
		}
	})
}

func TestTheFirstLanguageIsTheBoxs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openPad(t, touch.Options{Languages: []string{"en", "zh"}})
		if body := p.get("/").body; !strings.Contains(body, `<html lang="en"`) || !strings.Contains(body, `<span class="first" lang="en" dir="ltr">Satisfied`) {
			t.Error("the page does not begin in English")
		}
	})
}

func TestOptionsAreRefused(t *testing.T) {
	folder := t.TempDir()
	file(t, folder, "bad/en.json", `{"thanks":`)
	file(t, folder, "poor/ko.json", `{"name":"한국어"}`)
	file(t, folder, "strange/en.json", `{"thank-you":"Thanks"}`)
	file(t, folder, "empty/en.json", `{"thanks":""}`)
	file(t, folder, "name/English.json", english(t, nil))
	file(t, folder, "wide/en.json", `{"thanks":"`+strings.Repeat("a", 121)+`"}`)
	file(t, folder, "huge/en.json", strings.Repeat(" ", 64<<10)+"{}")
	file(t, folder, "dir/en.json", `{"dir":"up"}`)
	file(t, folder, "voice/zh/please.opus", strings.Repeat("a", 1<<20+1))
	words := func(name string) touch.Options { return touch.Options{Words: filepath.Join(folder, name)} }
	tests := map[string]struct {
		options touch.Options
		want    string
	}{
		"not JSON":         {words("bad"), "en.json: want one object of texts"},
		"unsaid":           {words("poor"), `language ko: no words for "again"`},
		"unheard of":       {words("strange"), `"thank-you" is nothing that the page says`},
		"empty":            {words("empty"), `"thanks" has 0 characters`},
		"file's name":      {words("name"), "want the name of a language"},
		"too long":         {words("wide"), "121 characters: want 1 to 120"},
		"too large":        {words("huge"), "want at most 65536 bytes"},
		"direction":        {words("dir"), `dir "up"`},
		"no folder":        {words("nowhere"), "no NAME.json"},
		"unknown language": {touch.Options{Languages: []string{"zh", "tlh"}}, `there is no tlh.json`},
		"twice":            {touch.Options{Languages: []string{"zh", "zh"}}, "language zh: it is there twice"},
		"many":             {touch.Options{Languages: make([]string, 9)}, "9 languages: want at most 8"},
		"volume":           {touch.Options{Voice: touch.Voice{Volume: 101}}, "volume 101"},
		"quiet volume":     {touch.Options{Voice: touch.Voice{QuietVolume: -1}}, "quiet volume -1"},
		"quiet hours":      {touch.Options{Voice: touch.Voice{QuietTo: 24 * time.Hour}}, "want two times of day"},
		"no voice":         {touch.Options{Voice: touch.Voice{Folder: filepath.Join(folder, "nowhere")}}, "voice: "},
		"large clip":       {touch.Options{Voice: touch.Voice{Folder: filepath.Join(folder, "voice")}}, "please.opus: want a file of at most"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.options.Listen, tt.options.Uptime = "127.0.0.1:0", uptime
			_, err := touch.New(tt.options)
			if err == nil || !strings.HasPrefix(err.Error(), "open touch page: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v, want %q", err, tt.want)
			}
		})
	}
}

// Only what was found as a sentence is served, whatever else stands in the folder or is linked into it.
func TestVoiceServesItsSentencesAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	file(t, folder, "secret.txt", "secret")
	file(t, folder, "voice/zh/please.opus", "opus")
	file(t, folder, "voice/zh/please.wav", "wav")
	file(t, folder, "voice/zh/level-2.mp3", "mp3")
	file(t, folder, "voice/zh/README.md", "secret")
	if err := os.Symlink(filepath.Join(folder, "secret.txt"), filepath.Join(folder, "voice/zh/chosen.wav")); err != nil {
		t.Fatal(err)
	}
	_, err := touch.New(touch.Options{Listen: "127.0.0.1:0", Uptime: uptime, Voice: touch.Voice{Folder: filepath.Join(folder, "voice")}})
	if err == nil || !strings.Contains(err.Error(), "chosen.wav") {
		t.Errorf("New with a link as a clip: %v, want it named", err)
	}
	if err := os.Remove(filepath.Join(folder, "voice/zh/chosen.wav")); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p := openPad(t, touch.Options{Voice: touch.Voice{Folder: filepath.Join(folder, "voice")}})
		if said := p.get("/words.js").body; !strings.Contains(said, `"clips":{"en":{},"zh":{"level-2":"level-2.mp3","please":"please.opus"}}`) {
			t.Errorf("the page is told %s", said[strings.Index(said, `"voice"`):])
		}
		for path, want := range map[string]int{
			"/voice/zh/please.opus": 200, "/voice/zh/level-2.mp3": 200, "/voice/zh/please.wav": 404, "/voice/zh/README.md": 404,
			"/voice/zh/..%2F..%2Fsecret.txt": 404, "/voice/..%2F/secret.txt": 404, "/voice/en/please.opus": 404, "/voice/zh/": 404,
		} {
			if got := p.get(path); got.status != want || want == 200 && !strings.HasPrefix(got.header.Get("Content-Type"), "audio/") {
				t.Errorf("GET %s: %d %s, want %d", path, got.status, got.header.Get("Content-Type"), want)
			}
		}
	})
}
