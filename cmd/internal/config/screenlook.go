package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// screenShape is what stands on the screen and how it sounds.
func screenShape(to *Screen) shape {
	v := &to.Voice
	return mapping(
		key{"listen", listenOrOff(&to.Listen)},
		key{"hotline", word(&to.Hotline, "a telephone number as customers dial it, as \"95599\", at most 40 characters", isHotline)},
		key{"languages", list("languages, as [zh, en]", func() shape {
			to.Languages = append(to.Languages, "")
			return word(&to.Languages[len(to.Languages)-1], "the name of a language, as zh, en or ug", languageName.MatchString)
		})},
		key{"words", path(&to.Words)},
		key{"voice", mapping(
			key{"output", oneOf(&v.Output, OutputLoudspeaker, OutputHeadphones, OutputNone)},
			key{"folder", path(&v.Folder)},
			key{"volume", whole(&v.Volume, 1, 100)},
			key{"quiet", mapping(
				key{"from", timeOfDay(&v.Quiet.From)},
				key{"to", timeOfDay(&v.Quiet.To)},
				key{"volume", whole(&v.Quiet.Volume, 1, 100)},
			)},
		)},
	)
}

// languageName is how a file of words is named.
var languageName = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// shippedLanguages need no file.
var shippedLanguages = []string{"zh", "en"}

// maxLanguages is how many the page's one key can go through.
const maxLanguages = 8

// isHotline wants what a customer can dial: three digits at least, and whatever else belongs to them.
func isHotline(v string) bool {
	digits := 0
	for _, r := range v {
		switch {
		case !unicode.IsPrint(r):
			return false
		case '0' <= r && r <= '9':
			digits++
		}
	}
	return digits >= 3 && utf8.RuneCountInString(v) <= 40
}

// languageRules looks for the file of each language that is not shipped.
func languageRules(s *sheet, screen Screen) {
	const way, words = "screen/languages", "screen/words"
	if screen.Words != "" {
		if info, err := os.Stat(screen.Words); err != nil || !info.IsDir() {
			s.faultOf(words, "words: there is no such folder: make it, with a file as ug.json in it, or remove the key")
			return
		}
	}
	if s.has(way) && !s.wrong(way) && len(screen.Languages) == 0 {
		s.faultOf(way, "languages is empty: write languages: [zh, en]")
	}
	if n := len(screen.Languages); n > maxLanguages {
		s.faultOf(way, "%d languages: write %d at most", n, maxLanguages)
	}
	for i, name := range screen.Languages {
		at := under(way, strconv.Itoa(i))
		switch {
		case name == "" || slices.Contains(shippedLanguages, name) && !slices.Contains(screen.Languages[:i], name):
		case slices.Contains(screen.Languages[:i], name):
			s.faultOf(at, "language %s is here for the second time: remove one", quote(name))
		case screen.Words == "" && !s.has(words):
			s.faultOf(at, "language %s is not shipped: write words: FOLDER beside languages, with %s.json in it", quote(name), name)
		case screen.Words != "" && !isFile(filepath.Join(screen.Words, name+".json")):
			s.faultOf(at, "language %s has no words: put %s.json into the folder of words, or remove it", quote(name), name)
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// voiceRules wants whole hours of quiet, and the folder that is named.
func voiceRules(s *sheet, v Voice) {
	const way = "screen/voice"
	if v.Folder != "" {
		if info, err := os.Stat(v.Folder); err != nil || !info.IsDir() {
			s.faultOf(under(way, "folder"), "folder: there is no such folder: make it, with recordings as zh/please.opus in it, or remove the key")
		}
	}
	quiet := under(way, "quiet")
	if !s.has(quiet) || s.wrong(quiet) {
		return
	}
	switch {
	case !s.has(under(quiet, "from")) || !s.has(under(quiet, "to")):
		s.faultOf(quiet, "quiet: write both from: and to:, as {from: \"18:00\", to: \"08:30\"}")
	case v.Quiet.From == v.Quiet.To:
		s.faultOf(quiet, "quiet hours that begin and end at the same time are none: write two times, or remove the key")
	}
}
