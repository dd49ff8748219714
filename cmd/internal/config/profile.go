package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"evalpad/device/serialpad/profiles"
)

const profileSuffix = ".yaml"

// ReadProfile reads a pad profile, checks it and tries its vectors. Where the file is wrong the error
// is Faults; any other error is the operating system's.
func ReadProfile(path string) (*profiles.Protocol, error) {
	text, err := slurp(path)
	if err != nil {
		return nil, fmt.Errorf("read pad profile: %w", err)
	}
	return readProfile(path, text)
}

func readProfile(path string, text []byte) (*profiles.Protocol, error) {
	s := &sheet{file: path, places: map[string]place{}, amiss: map[string]bool{}}
	node := s.parse(text)
	if node == nil {
		return nil, s.err()
	}
	var p profiles.Profile
	record(reflect.ValueOf(&p).Elem())(s, "", node)
	if err := s.err(); err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(filepath.Base(path), profileSuffix); p.Profile != want {
		s.faultOf("profile", "profile %s: write profile: %s, which is the file's name", quote(p.Profile), want)
	}
	made, err := profiles.Compile(p)
	if faults, ok := errors.AsType[profiles.Faults](err); ok {
		for _, f := range faults {
			s.faultOf(f.Way, "%s", f.Words)
		}
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	return made, nil
}

// ShippedProfiles names the profiles that come with the program, sorted.
func ShippedProfiles() (names []string) {
	files, _ := fs.Glob(profiles.Shipped, "*"+profileSuffix) // the pattern is right
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, profileSuffix))
	}
	return names
}

// Profile reads the profile of a name: a shipped one or, where the branch has a folder of its own, one
// in there. Errors are as with ReadProfile, and ErrNoProfile.
func Profile(name, folder string) (*profiles.Protocol, error) {
	path, text, err := profileText(name, folder)
	if err != nil {
		return nil, err
	}
	return readProfile(path, text)
}

// ProfileSHA256 is the hash of the file that Profile reads, as sha256sum prints it. Errors are as with
// Profile.
func ProfileSHA256(name, folder string) (sum [sha256.Size]byte, err error) {
	_, text, err := profileText(name, folder)
	return sha256.Sum256(text), err
}

func profileText(name, folder string) (path string, text []byte, err error) {
	if path = name + profileSuffix; slices.Contains(ShippedProfiles(), name) {
		text, err = profiles.Shipped.ReadFile(path)
		return path, text, err
	}
	if folder == "" || !isLevel(name) {
		return "", nil, ErrNoProfile
	}
	path = filepath.Join(folder, path)
	text, err = slurp(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", nil, ErrNoProfile
	case err != nil:
		return "", nil, fmt.Errorf("read pad profile: %w", err)
	}
	return path, text, nil
}

// ErrNoProfile is returned for a name that neither the program nor the branch's folder has.
var ErrNoProfile = errors.New("no such pad profile")

// ProfileNames names the shipped profiles and those of the branch's folder, sorted.
func ProfileNames(folder string) []string {
	names := ShippedProfiles()
	files, _ := filepath.Glob(filepath.Join(folder, "*"+profileSuffix))
	for _, f := range files {
		if folder != "" {
			names = append(names, strings.TrimSuffix(filepath.Base(f), profileSuffix))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
