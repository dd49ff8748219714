package touch

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// maxClip is the largest recorded sentence in bytes; a minute of speech at 32 kbit/s has a quarter.
const maxClip = 1 << 20

// maxClips is how many sentences a folder may hold for one language.
const maxClips = 64

// spoken are the sentences that the page can say; a level only into earphones.
var spoken = regexp.MustCompile(`^(please|chosen|why|question-[a-z0-9-]{1,40}|level-[1-5])$`)

// sounds are the types by which a clip may be recorded, the preferred first.
var sounds = []string{".opus", ".mp3", ".wav"}

// clips are the files of one language by what they say.
type clips map[string]string

// readVoice finds the recorded sentences of every language. A language without a folder has none, and
// one sentence without a file is left to the browser's own voice.
func readVoice(folder string, all []language) (map[string]clips, error) {
	found := map[string]clips{}
	if folder == "" {
		return found, nil
	}
	if _, err := os.ReadDir(folder); err != nil {
		return nil, fmt.Errorf("voice: %w", err)
	}
	for _, l := range all {
		c, err := readClips(filepath.Join(folder, l.File))
		if err != nil {
			return nil, fmt.Errorf("voice: %w", err)
		}
		found[l.File] = c
	}
	return found, nil
}

func readClips(folder string) (clips, error) {
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return clips{}, nil
	}
	if err != nil {
		return nil, err
	}
	c := clips{}
	for _, e := range entries {
		kind := filepath.Ext(e.Name())
		key := strings.TrimSuffix(e.Name(), kind)
		if !slices.Contains(sounds, kind) || !spoken.MatchString(key) {
			continue // a readme, the list of sentences
		}
		info, err := e.Info()
		switch {
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular() || info.Size() > maxClip:
			return nil, fmt.Errorf("%s: want a file of at most %d bytes", filepath.Join(folder, e.Name()), maxClip)
		case c[key] == "" || slices.Index(sounds, kind) < slices.Index(sounds, filepath.Ext(c[key])):
			c[key] = e.Name()
		}
	}
	if len(c) > maxClips {
		return nil, fmt.Errorf("%s: %d sentences, want at most %d", folder, len(c), maxClips)
	}
	return c, nil
}

// clip serves a recorded sentence: one that was there when the page was made, and nothing else of the
// folder.
func (p *Page) clip(w http.ResponseWriter, r *http.Request) {
	language, name := r.PathValue("language"), r.PathValue("name")
	if !slices.Contains(slices.Collect(maps.Values(p.voice[language])), name) {
		http.NotFound(w, r)
		return
	}
	root, err := os.OpenRoot(p.options.Voice.Folder) // no link leads out of it
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer root.Close()
	f, err := root.Open(language + "/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxClip {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", soundType(name))
	http.ServeContent(w, r, name, info.ModTime(), f)
}

func soundType(name string) string {
	switch filepath.Ext(name) {
	case ".opus":
		return "audio/ogg; codecs=opus"
	case ".mp3":
		return "audio/mpeg"
	}
	return "audio/wav"
}
