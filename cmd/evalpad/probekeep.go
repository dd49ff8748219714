package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/cmd/internal/config"
)

// probeFolder is where the records of probes are kept, in the data folder.
const probeFolder = "probe"

// keep keeps the record, prints the part of the configuration, and writes it if that is wished.
func (p *probe) keep(pad *foundPad) error {
	port := byName(p.dev, p.wish.port)
	part := config.SerialPad{Port: port, Baud: p.way.Baud, Profile: pad.protocol.Name(), Address: pad.may[0].Press.Address, Ack: pad.ack}
	if p.way.Parity != "none" {
		part.Parity = p.way.Parity
	}
	if !pad.own {
		part.Keys = probing.Map(pad.keys, pad.scores)
	}
	p.tell("\nThe pad is found and proved:", "\n评价器已识别并核对：")
	fmt.Fprintf(p.out, "    pad:\n      %s\n", part.Text())
	kept, err := p.record(pad, part)
	if err != nil {
		p.tell("The record was not kept: %v", "记录未能保存：%v", err)
		err = fmt.Errorf("probe: keep the record: %w", err)
	} else {
		p.tell("The record is %s", "记录保存在 %s", kept)
	}
	if !p.wish.write {
		p.tell("Nothing was changed. To write it: the same again with --counter and --write.", "未修改任何配置。若要写入，请加 --counter 和 --write 再运行一次。")
		return err
	}
	if err := config.WriteSerial(p.config, p.wish.counter, part); err != nil {
		return errors.Join(err, errors.New(p.say("probe: the configuration was not changed", "probe: 配置未作修改")))
	}
	p.tell("Written into %s; the old file is %s.bak. Now: systemctl restart evalpad", "已写入 %s；原文件保存为 %s.bak。接下来请执行：systemctl restart evalpad", p.config, p.config)
	return err
}

// record writes what was found, with the bytes, for people (.txt), and as a test that can be played again
// (.fixture). It returns the name of the first.
func (p *probe) record(pad *foundPad, part config.SerialPad) (name string, err error) {
	f := probing.Fixture{Profile: part.Profile, Baud: p.way.Baud, Address: part.Address, Ack: pad.ack, Keys: map[byte]int{}, Line: p.passed}
	for i, key := range pad.keys {
		f.Keys[key] = pad.scores[i]
	}
	if f.Signals, err = f.Hear(pad.protocol); err != nil {
		return "", err
	}
	folder := filepath.Join(p.outline.DataDir, probeFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	at := cmp.Or(p.wish.counter, filepath.Base(p.wish.port))
	base := filepath.Join(folder, time.Now().Format("2006-01-02-150405")+"-"+at)
	err = errors.Join(
		writeNew(base+".fixture", f.Write),
		writeNew(base+".txt", func(w io.Writer) error { return p.words(w, pad, part, f) }),
	)
	return base + ".txt", err
}

// writeNew writes a file that is not there yet, and to the disk.
func writeNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Sync(), f.Close())
}

// words writes the record for people.
func (p *probe) words(w io.Writer, pad *foundPad, part config.SerialPad, f probing.Fixture) error {
	var b strings.Builder
	line := func(name, format string, values ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, fmt.Sprintf(format, values...))
	}
	english := tongue{}
	line("probed", "%s, evalpad %s", time.Now().Format(time.RFC3339), version)
	line("by", "%s", p.who())
	line("counter", "%s", cmp.Or(p.wish.counter, "not said"))
	line("port", "%s (%s)", p.wish.port, part.Port)
	line("profile", "%s, %s, address %d", part.Profile, wayWords(p.way), part.Address)
	line("thanks", "%s", p.thanksWords(pad))
	for i, key := range pad.keys {
		line("key", "%02X  %s", key, english.level(pad.scores[i]))
	}
	line("proved", "every key was pressed once, best to worst, and shown back")
	fmt.Fprintf(&b, "\n    pad:\n      %s\n\n", part.Text())
	for _, passed := range f.Line {
		way := "<"
		if passed.ToPad {
			way = ">"
		}
		fmt.Fprintf(&b, "%10.3f %s % X\n", passed.At.Seconds(), way, passed.Bytes)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *probe) thanksWords(pad *foundPad) string {
	switch {
	case pad.silenced:
		return pad.ack + ": the pad fell silent at it"
	case pad.goesOn:
		return "none of " + strings.Join(pad.protocol.Acks(), ", ") + " made the pad fall silent"
	case len(pad.protocol.Acks()) > 0:
		return "not known: the pad did not repeat itself while it was watched"
	}
	return "none: pads of this profile are not thanked"
}

// who is the person, as said, or as the system knows them.
func (p *probe) who() string {
	if p.wish.by != "" {
		return p.wish.by
	}
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", os.Getuid())
}
