package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"syscall"

	"go.yaml.in/yaml/v4"
)

// WriteSerial puts a serial pad into a counter's part of an evalpad.yaml, in the place of whatever pad
// is there, and changes nothing else: every other byte and comment stays. The new file takes the old
// one's place in one step, with its mode and owner, and the old one is kept as FILE.bak.
//
// Before that, the new text is read as ReadPad reads it. Where that finds a fault, or anything but the
// pad has changed, nothing is written; the error is then Faults, or a sentence.
func WriteSerial(path, counter string, pad SerialPad) error {
	if err := writeSerial(path, counter, pad); err != nil {
		if _, faults := errors.AsType[Faults](err); faults {
			return err
		}
		return fmt.Errorf("write the pad of counter %s into %s: %w", counter, path, err)
	}
	return nil
}

func writeSerial(path, counter string, pad SerialPad) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	old, err := slurp(target)
	if err != nil {
		return err
	}
	text, err := withSerial(path, old, counter, pad)
	if err != nil {
		return err
	}
	temp, err := beside(target, text)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // once it is renamed there is none
	if err := readsBack(path, temp, counter, pad); err != nil {
		return err
	}
	backup, err := beside(target, old)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Rename(backup, target+".bak"), os.Rename(temp, target)); err != nil {
		return err
	}
	return settle(filepath.Dir(target))
}

// withSerial gives the text with the pad in it.
func withSerial(path string, old []byte, counter string, pad SerialPad) ([]byte, error) {
	mark := len(old) - len(bytes.TrimPrefix(old, []byte("\ufeff")))
	body := old[mark:]
	before, err := parsed(path, body)
	if err != nil {
		return nil, err
	}
	text, err := newEdit(body).pad(before, counter, pad.Text())
	if err != nil {
		return nil, err
	}
	after, err := parsed(path, text)
	if err != nil {
		return nil, fmt.Errorf("it would be no YAML then: %w", err)
	}
	if !onlyPadDiffers(before, after, counter) {
		return nil, errors.New("more than the pad would change: write it by hand")
	}
	return append(old[:mark:mark], text...), nil
}

func parsed(path string, text []byte) (*yaml.Node, error) {
	s := &sheet{file: path, places: map[string]place{}, amiss: map[string]bool{}}
	node := s.parse(text)
	return node, s.err()
}

// readsBack wants the new file to be right, and to say of the counter what was meant. Faults name the
// file as the technician knows it.
func readsBack(path, temp, counter string, pad SerialPad) error {
	p, err := ReadPad(temp)
	if faults, ok := errors.AsType[Faults](err); ok {
		for i := range faults {
			faults[i].File = path
		}
		return faults
	}
	if err != nil {
		return err
	}
	for _, c := range p.Counters {
		if c.Counter == counter && c.Serial != nil && says(*c.Serial, pad) {
			return nil
		}
	}
	return errors.New("it would not say then what was found: write it by hand")
}

// says reports whether a pad that was read is the one that was written, which leaves to the profile
// what is zero.
func says(read, written SerialPad) bool {
	r, w := reflect.ValueOf(&read).Elem(), reflect.ValueOf(&written).Elem()
	for i := range w.NumField() {
		if w.Field(i).IsZero() {
			r.Field(i).SetZero()
		}
	}
	return reflect.DeepEqual(read, written)
}

// beside writes a file next to target, with its mode and owner, and to the disk.
func beside(target string, text []byte) (name string, err error) {
	info, err := os.Stat(target)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), own(f, info), f.Sync(), f.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func own(f *os.File, like fs.FileInfo) error {
	stat, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() && int(stat.Gid) == os.Getegid() {
		return nil
	}
	return f.Chown(int(stat.Uid), int(stat.Gid))
}

// settle makes a renaming last.
func settle(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
