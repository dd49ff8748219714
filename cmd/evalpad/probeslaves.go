package main

import (
	"context"
	"fmt"
	"time"

	"evalpad/cmd/evalpad/internal/probing"
	"evalpad/device"
	"evalpad/device/serialpad/profiles"
)

// slave is an address on the line that may be a pad that must be asked.
type slave struct {
	ear     *probing.Ear
	address int
	last    string // what it answered last
}

// answerWithin is how long a module may take to answer; see package serialpad.
const answerWithin = 100 * time.Millisecond

// The addresses at which modules are looked for: makers ship them with a low one.
const (
	usualAddresses = 16
	allAddresses   = 247
)

// search asks for modules at every rate and address, and stays at the first rate at which any answers.
// The standard's parity is even (Modbus over Serial Line V1.02, §2.5.1), and most makers ship none.
func (p *probe) search(ctx context.Context) error {
	way, last := p.way, usualAddresses
	if p.wish.all {
		last = allAddresses
	}
	if len(p.candidates()) == 0 {
		return nil
	}
	p.tell("The line is silent. Asking for Modbus modules at addresses 1 to %d, at every rate …", "线路无数据。正在以各种速率询问 Modbus 模块（地址 1 至 %d）……", last)
	for _, parity := range []string{"none", "even"} {
		for _, baud := range p.rates() {
			here := profiles.Line{Baud: baud, Parity: parity}
			if found, err := p.searchAt(ctx, here.WithDefaults(), last); err != nil || found {
				return err
			}
		}
	}
	p.tell("No module answers. Press the BEST key, or Enter to go on.", "没有模块应答。请按“最好”的键，或按回车键继续。")
	return p.open(way)
}

func (p *probe) searchAt(ctx context.Context, way profiles.Line, last int) (found bool, err error) {
	if err := p.open(way); err != nil {
		return false, err
	}
	fmt.Fprintln(p.out, "  "+wayWords(way))
	p.slaves, err = p.answering(ctx, last)
	if err != nil || len(p.slaves) == 0 {
		return false, err
	}
	for _, s := range p.slaves {
		p.tell("A module answers as %s at address %d.", "模块应答：%s，地址 %d。", s.ear.Protocol().Name(), s.address)
	}
	p.tell("Press the BEST key, and hold it for half a second.", "请按住“最好”的键半秒钟。")
	return true, nil
}

// candidates are fresh ears for all profiles of pads that are asked.
func (p *probe) candidates() (ears []*probing.Ear) {
	for _, protocol := range p.protocols {
		if protocol.Poll() != nil {
			ears = append(ears, probing.NewEar(protocol, p.way.Baud))
		}
	}
	return ears
}

// answering asks every address once. An answer counts whenever it comes: a busy one is late, and is heard
// while the next address is asked.
func (p *probe) answering(ctx context.Context, last int) (found []*slave, err error) {
	for _, ear := range p.candidates() {
		known := map[int]bool{}
		for address := 1; address <= last+1 && ctx.Err() == nil; address++ { // the last one may be late, too
			heard, err := p.exchange(ear, min(address, last))
			if err != nil {
				return nil, err
			}
			for _, h := range heard {
				if !known[h.Address] {
					found = append(found, &slave{ear: ear, address: h.Address})
				}
				known[h.Address] = true
			}
		}
	}
	return found, ctx.Err()
}

// ask asks every module once and gives the presses.
func (p *probe) ask() (presses []probing.Finding, err error) {
	for _, s := range p.slaves {
		heard, err := p.question(s)
		if err != nil {
			return nil, err
		}
		for _, h := range heard {
			if h.Kind == device.Press {
				presses = append(presses, probing.Finding{Ear: s.ear, Press: h})
			}
		}
	}
	return presses, nil
}

// question asks a module; nil if it does not answer. An answer that is its last one again is not kept in
// the record.
func (p *probe) question(s *slave) (answer []probing.Heard, err error) {
	kept := len(p.passed)
	heard, err := p.exchange(s.ear, s.address)
	for _, h := range heard {
		if h.Address == s.address {
			answer = append(answer, h)
		}
	}
	if answer == nil {
		return nil, err
	}
	if answer[0].Bytes == s.last {
		p.passed = p.passed[:kept]
	}
	s.last = answer[0].Bytes
	return answer, nil
}

// exchange asks an address, and gives the first answers that come, of whomever.
func (p *probe) exchange(ear *probing.Ear, address int) (answers []probing.Heard, err error) {
	if _, err := p.tap.Write(ear.Protocol().Poll().Request(address)); err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	for until := time.Now().Add(answerWithin); time.Now().Before(until); {
		chunk, err := p.read()
		if err != nil {
			return nil, err
		}
		for _, h := range ear.Feed(chunk.Bytes, chunk.At) {
			if h.Reason == "" {
				answers = append(answers, h)
			}
		}
		if answers != nil {
			return answers, nil
		}
	}
	ear.Quiet(time.Since(p.began) + time.Second)
	return nil, nil
}
