package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/cmd/internal/config"
	"evalpad/device/serialpad"
	"evalpad/device/serialpad/profiles"
)

// probe is one conversation with a technician about one port. One goroutine has it.
type probe struct {
	tongue
	wish      probeWish
	outline   config.Outline
	config    string
	protocols []*profiles.Protocol
	out       io.Writer
	lines     <-chan string // what is typed; closed when nobody will type any more
	dev       string        // where devices are, /dev
	began     time.Time

	ways     []profiles.Line                     // how the port may be set, not yet tried
	unlikely map[profiles.Line][]probing.Finding // ways in which the best key made some sense

	tap    *serialpad.Tap
	way    profiles.Line // how the port is set
	crowd  *probing.Crowd
	slaves []*slave         // pads that are asked; none: the line is listened to
	early  *probing.Chunk   // read already, and of the next burst
	passed []probing.Passed // since the port was set so
}

// event is one of three things: bytes came, with the presses in them; a line was typed; or neither in time.
type event struct {
	burst   probing.Burst
	presses []probing.Finding
	typed   bool
	line    string
}

// errNobody is that an answer is needed and the input has ended.
var errNobody = errors.New("probe: the input has ended, and an answer is needed; nothing was changed")

// readLines reads what is typed until the input ends or ctx is done. A terminal that nobody types at
// holds the reader until the program ends.
func readLines(ctx context.Context, r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		typed := bufio.NewScanner(r)
		for typed.Scan() {
			select {
			case lines <- strings.TrimSpace(typed.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

func (p *probe) tell(english, chinese string, values ...any) {
	fmt.Fprintln(p.out, p.say(english, chinese, values...))
}

// answer waits for a line, however long it takes. What comes over the line meanwhile is shown.
func (p *probe) answer(ctx context.Context) (string, error) {
	for p.lines != nil {
		ev, err := p.hear(ctx, time.Second)
		if err != nil || ev.typed {
			return ev.line, err
		}
	}
	return "", errNobody
}

// typed takes a line if there is one.
func (p *probe) typed() (line string, ok bool) {
	select {
	case line, ok = <-p.lines:
		if !ok {
			p.lines = nil // a nil channel is never ready
		}
	default:
	}
	return line, ok
}

// open opens the port in a way, after closing it in another one.
func (p *probe) open(way profiles.Line) error {
	p.close()
	tap, err := serialpad.OpenTap(p.wish.port, way)
	if err != nil {
		return p.notOpened(err)
	}
	p.tap, p.way, p.passed, p.early = tap, way, nil, nil
	p.crowd = probing.NewCrowd(p.protocols, way)
	return nil
}

// allWays are the rates, each with every parity, bits and stop bits of the profiles, 8N1 first.
func (p *probe) allWays() (all []profiles.Line) {
	eightNOne := profiles.Line{}.WithDefaults()
	var settings []profiles.Line
	for _, protocol := range p.protocols {
		line := protocol.Line()
		line.Baud = eightNOne.Baud
		switch {
		case protocol.Poll() != nil || slices.Contains(settings, line):
		case line == eightNOne:
			settings = slices.Insert(settings, 0, line)
		default:
			settings = append(settings, line)
		}
	}
	if len(settings) == 0 {
		settings = append(settings, eightNOne)
	}
	for _, baud := range p.rates() {
		for _, way := range settings {
			way.Baud = baud
			all = append(all, way)
		}
	}
	return all
}

func (p *probe) rates() []int {
	if p.wish.baud != 0 {
		return []int{p.wish.baud}
	}
	return probing.Rates
}

// wayWords says a way, as 9600 bit/s or 9600 bit/s 8E1.
func wayWords(way profiles.Line) string {
	words := fmt.Sprintf("%d bit/s", way.Baud)
	if usual := (profiles.Line{Baud: way.Baud}); way != usual.WithDefaults() {
		words += fmt.Sprintf(" %d%s%d", way.Bits, strings.ToUpper(way.Parity[:1]), way.Stop)
	}
	return words
}

func (p *probe) close() {
	if p.tap != nil {
		p.tap.Close()
	}
	p.tap = nil
}

// notOpened adds what to do.
func (p *probe) notOpened(err error) error {
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EBUSY):
		return errors.New(p.say("%v: the agent, if it runs here, has it: systemctl stop evalpad", "%v：串口被占用；若本机的评价器程序在运行，请先执行 systemctl stop evalpad", err))
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return errors.New(p.say("%v: run this as root, or as a member of the group that owns the port (dialout)", "%v：请用 root 运行，或加入拥有该串口的用户组（dialout）", err))
	case errors.Is(err, syscall.ENOENT):
		return errors.New(p.say("%v: there is no such port; evalpad probe lists those that are", "%v：没有这个串口；运行 evalpad probe 可列出现有串口", err))
	}
	return err
}

// longestBurst bounds what a line that never falls silent gives at once.
const longestBurst = 2 * time.Second

// hear waits for the next event, or until the time is up.
func (p *probe) hear(ctx context.Context, within time.Duration) (event, error) {
	until := time.Now().Add(within)
	for ctx.Err() == nil {
		if line, ok := p.typed(); ok {
			return event{typed: true, line: line}, nil
		}
		var ev event
		var err error
		if len(p.slaves) > 0 {
			ev.presses, err = p.ask()
		} else {
			ev, err = p.listen()
		}
		switch {
		case err != nil:
			return event{}, err
		case len(ev.burst) > 0 || len(ev.presses) > 0:
			p.view(ev)
			return ev, nil
		case time.Now().After(until):
			return event{}, nil
		}
	}
	return event{}, ctx.Err()
}

// longGap is a silence between two reads that ends a burst, though the second found bytes at once: on a
// busy machine we come late. No frame stops for so long.
const longGap = 200 * time.Millisecond

// listen reads until the line falls silent, which may be at once.
func (p *probe) listen() (ev event, err error) {
	if p.early != nil {
		ev.burst, p.early = probing.Burst{*p.early}, nil
	}
	for began := time.Now(); time.Since(began) < longestBurst; {
		chunk, err := p.read()
		if err != nil {
			return event{}, err
		}
		if len(chunk.Bytes) == 0 {
			break
		}
		if n := len(ev.burst); n > 0 && chunk.At-ev.burst[n-1].At >= longGap {
			p.early = &chunk
			break
		}
		ev.burst = append(ev.burst, chunk)
	}
	if len(ev.burst) > 0 {
		ev.presses = p.crowd.Hear(ev.burst)
	}
	return ev, nil
}

// read gives what is there; nothing after 100 ms of silence.
func (p *probe) read() (probing.Chunk, error) {
	var buf [256]byte
	n, err := p.tap.Read(buf[:])
	if err != nil {
		return probing.Chunk{}, fmt.Errorf("probe: %w", err)
	}
	chunk := probing.Chunk{At: time.Since(p.began), Bytes: append([]byte(nil), buf[:n]...)}
	if n > 0 {
		p.passed = append(p.passed, probing.Passed{At: chunk.At, Bytes: chunk.Bytes})
	}
	return chunk, nil
}

// send writes a frame to the pad.
func (p *probe) send(frame string) error {
	if _, err := p.tap.Write([]byte(frame)); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	at := time.Since(p.began)
	p.passed = append(p.passed, probing.Passed{At: at, ToPad: true, Bytes: []byte(frame)})
	if len(p.slaves) == 0 { // requests come twenty times a second
		fmt.Fprintf(p.out, "%9.3f > % X\n", at.Seconds(), frame)
	}
	return nil
}
