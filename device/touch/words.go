package touch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// language is one language of the page: what it says, by key. A bar in a text is where a narrow key
// may break it, and {n} is a place for a number.
type language struct {
	Name      string            `json:"name"` // its own name for itself, as on the key that switches
	Lang      string            `json:"lang"` // for screen readers and fonts (BCP 47), as zh-CN
	Direction string            `json:"dir"`  // ltr or rtl; the keys never move
	File      string            `json:"file"` // its name in Options.Languages, as zh
	Words     map[string]string `json:"words"`
}

// maxWords and maxText bound a file in bytes and a text in characters.
const (
	maxWords = 64 << 10
	maxText  = 120
)

// Where languages may be named, and the words that a bank may add to what every language has.
var (
	languageName = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	optional     = regexp.MustCompile(`^(reason-|qr)`) // one language's words stand for another's
	ownWord      = regexp.MustCompile(`^(reason|question|gloss)-[a-z0-9-]{1,40}$`)
)

// readLanguages reads what is shipped, then the folder, and gives the languages wanted, in order.
func readLanguages(folder string, wanted []string) ([]language, error) {
	known := map[string]map[string]string{}
	shipped, err := fs.Sub(files, "words")
	if err == nil {
		err = readWords(shipped, known)
	}
	if err != nil {
		return nil, err
	}
	every := known["zh"]
	if folder != "" {
		if err := readWords(os.DirFS(folder), known); err != nil {
			return nil, fmt.Errorf("words in %s: %w", folder, err)
		}
	}
	wanted = orAll(wanted, known)
	if len(wanted) > maxLanguages {
		return nil, fmt.Errorf("%d languages: want at most %d", len(wanted), maxLanguages)
	}
	var all []language
	for i, name := range wanted {
		if slices.Contains(wanted[:i], name) {
			return nil, fmt.Errorf("language %s: it is there twice", name)
		}
		l, err := newLanguage(name, known[name], every)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// orAll is zh, en and the others by name where nothing is wanted in particular.
func orAll(wanted []string, known map[string]map[string]string) []string {
	if len(wanted) > 0 {
		return wanted
	}
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(known)), func(name string) bool { return name == "zh" || name == "en" })
	return append([]string{"zh", "en"}, others...)
}

// readWords adds every NAME.json of a folder to what is known.
func readWords(folder fs.FS, known map[string]map[string]string) error {
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("no NAME.json in it")
	}
	for _, name := range names {
		words, err := readFile(folder, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		language := strings.TrimSuffix(name, ".json")
		if !languageName.MatchString(language) {
			return fmt.Errorf("%s: want the name of a language, as ug.json", name)
		}
		more := maps.Clone(known[language])
		if more == nil {
			more = map[string]string{}
		}
		maps.Copy(more, words)
		known[language] = more
	}
	return nil
}

func readFile(folder fs.FS, name string) (words map[string]string, err error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxWords+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxWords {
		return nil, fmt.Errorf("want at most %d bytes", maxWords)
	}
	if json.Unmarshal(text, &words) != nil || words == nil {
		return nil, errors.New(`want one object of texts, as {"name":"English","thanks":"Thank you"}`)
	}
	for key, word := range words {
		if n := utf8.RuneCountInString(word); n == 0 || n > maxText {
			return nil, fmt.Errorf("%.40q has %d characters: want 1 to %d", key, n, maxText)
		}
	}
	return words, nil
}

// newLanguage checks that a language says all that every one has to say, and nothing unheard of.
func newLanguage(name string, words, every map[string]string) (language, error) {
	if words == nil {
		return language{}, fmt.Errorf("language %.20q: there is no %.20s.json", name, name)
	}
	for _, key := range slices.Sorted(maps.Keys(every)) {
		if words[key] == "" && key != "lang" && !optional.MatchString(key) {
			return language{}, fmt.Errorf("language %s: no words for %q", name, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(words)) {
		if every[key] == "" && !ownWord.MatchString(key) && key != "dir" {
			return language{}, fmt.Errorf("language %s: %.40q is nothing that the page says", name, key)
		}
	}
	l := language{Name: words["name"], Lang: words["lang"], Direction: words["dir"], File: name, Words: maps.Clone(words)}
	if l.Lang == "" {
		l.Lang = name
	}
	if l.Direction == "" {
		l.Direction = "ltr"
	}
	if !languageName.MatchString(l.Lang) || l.Direction != "ltr" && l.Direction != "rtl" {
		return language{}, fmt.Errorf("language %s: lang %.20q, dir %.20q: want as zh-CN, and ltr or rtl", name, l.Lang, l.Direction)
	}
	for _, key := range []string{"lang", "dir", "name"} {
		delete(l.Words, key)
	}
	return l, nil
}

// says reports whether any language of the page has words for the key.
func (p *Page) says(key string) bool {
	return slices.ContainsFunc(p.languages, func(l language) bool { return l.Words[key] != "" })
}

// asks reports whether the page can ask for dimension; "" is whichever is asked.
func (p *Page) asks(dimension string) bool {
	return dimension == "" || p.languages[0].Words["question-"+dimension] != ""
}
