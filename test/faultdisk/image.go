package faultdisk

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// Image is what a power cut has left: the files by name.
type Image struct {
	Files   map[string][]byte
	Witness string // what had been promised by then
}

// cut is a moment at which the power fails, and what becomes of that which was not synced.
type cut struct {
	log    []entry
	synced map[int]int // by file: what lies before that in the log was synced
	rnd    *rand.Rand
	keep   float64 // how much is kept
	tear   float64 // how much of that is torn
	lies   int     // so many of the last operations may be lost, synced or not
}

// Cut draws what is there after a power cut that follows the first n operations. Names change in the
// order in which they were asked to, as in a journal, each wholly or not at all.
func (d *Disk) Cut(n int, seed uint64) Image { return d.cut(n, seed, 0) }

// Lie is Cut on a card that says that it has synced and has not: any of its last operations may be lost.
func (d *Disk) Lie(n, last int, seed uint64) Image { return d.cut(n, seed, last) }

func (d *Disk) cut(n int, seed uint64, lies int) Image {
	d.mu.Lock()
	log := d.log[:min(n, len(d.log))]
	d.mu.Unlock()
	rnd := rand.New(rand.NewPCG(seed, uint64(n)))
	c := cut{
		log: log, synced: map[int]int{}, rnd: rnd, lies: lies,
		keep: []float64{0, 0.25, 0.5, 0.75, 1}[rnd.IntN(5)], tear: []float64{0, 0.25, 1}[rnd.IntN(3)],
	}
	for i, e := range log {
		if e.kind == Sync || e.kind == SyncDir {
			c.synced[e.file] = i
		}
	}
	return c.image()
}

func (c cut) image() Image {
	files := map[int][]byte{}
	for i, e := range c.log {
		switch {
		case e.file == witness && e.kind == Write:
			files[e.file] = write(files[e.file], e.at, e.data)
		case e.kind == Resize && c.survives(i, e):
			files[e.file] = resized(files[e.file], e.size)
		case e.kind == Write:
			files[e.file] = c.write(files[e.file], i, e)
		}
	}
	im := Image{Files: map[string][]byte{}, Witness: string(files[witness])}
	for name, number := range c.names() {
		if number != witness {
			im.Files[name] = files[number]
		}
	}
	return im
}

// sector is what a disk writes wholly or not at all.
const sector = 512

func (c cut) write(into []byte, i int, e entry) []byte {
	if c.certain(i, e) {
		return write(into, e.at, e.data)
	}
	if c.rnd.Float64() >= c.keep {
		return into
	}
	if c.rnd.Float64() >= c.tear {
		return write(into, e.at, e.data)
	}
	for at := 0; at < len(e.data); at += sector {
		if c.rnd.IntN(2) == 0 {
			into = write(into, e.at+int64(at), e.data[at:min(at+sector, len(e.data))])
		}
	}
	return into
}

func (c cut) certain(i int, e entry) bool {
	return i < c.synced[e.file] && !e.doubtful && i < len(c.log)-c.lies
}

func (c cut) survives(i int, e entry) bool { return c.certain(i, e) || c.rnd.Float64() < c.keep }

func write(into []byte, at int64, data []byte) []byte {
	into = resized(into, max(int64(len(into)), at+int64(len(data))))
	copy(into[at:], data)
	return into
}

// names are the files by name.
func (c cut) names() map[string]int {
	names := map[string]int{}
	for i, e := range c.log {
		if e.file != onFolder {
			continue
		}
		if !c.survives(i, e) {
			break // and nothing after it
		}
		change(names, e)
	}
	return names
}

func change(names map[string]int, e entry) {
	switch e.kind {
	case Name, Link:
		names[e.name] = e.named
	case Rename:
		names[e.to] = names[e.name]
		delete(names, e.name)
	case Remove:
		delete(names, e.name)
	}
}

// Lay writes the files of an image into a folder.
func (im Image) Lay(t testing.TB, dir string) {
	t.Helper()
	for name, data := range im.Files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
