package config

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/agnivade/levenshtein"

	"evalpad/device/serialpad/profiles"
)

// serialRules fills what the profile says and the file does not, and refuses what goes against it.
func serialRules(s *sheet, way string, p *SerialPad, folder string) teller {
	if s.wrong(way) {
		return teller{}
	}
	if !s.has(under(way, "port")) {
		s.faultOf(way, "serial pad without port: write port: /dev/serial/by-id/…")
	}
	names := ProfileNames(folder)
	if !s.has(under(way, "profile")) {
		s.faultOf(way, "serial pad without profile: write profile: %s, or find it with: evalpad probe", or(names))
	}
	if p.Profile == "" {
		return teller{} // said already, and all the rest depends on it
	}
	made, err := Profile(p.Profile, folder)
	faults, wrong := errors.AsType[Faults](err)
	switch {
	case wrong:
		s.faultOf(under(way, "profile"), "profile %s is wrong: %s", quote(p.Profile), faults[0])
	case errors.Is(err, ErrNoProfile):
		s.faultOf(under(way, "profile"), "no profile %s; %s", quote(p.Profile), insteadOf(p.Profile, names))
	case err != nil:
		s.faultOf(under(way, "profile"), "%v", err)
	}
	if err != nil {
		return teller{}
	}
	line := made.Line()
	p.Baud, p.Parity = cmp.Or(p.Baud, line.Baud), cmp.Or(p.Parity, line.Parity)
	addressRules(s, way, p, made)
	ackRules(s, way, p, made)
	serialKeyRules(s, way, p, made)
	return tellsRules(s, way, p, made)
}

// tellsRules is what the pad tells of the questions; in which way, if any, only who has seen it can say.
func tellsRules(s *sheet, way string, p *SerialPad, made *profiles.Protocol) teller {
	ways := made.Asks()
	switch {
	case p.Asks == "" && len(ways) > 0:
		return teller{made.Tells(""), "asks: " + or(ways) + " beside profile: " + made.Name() + ", if this pad has them"}
	case p.Asks == "":
		return teller{made.Tells(""), ""}
	case len(ways) == 0:
		s.faultOf(under(way, "asks"), "pads of profile %s have no way to tell which question is asked: remove asks", made.Name())
	case !slices.Contains(ways, p.Asks):
		s.faultOf(under(way, "asks"), "asks %s: write %s", quote(p.Asks), or(ways))
		return teller{questions, ""} // it has been said
	}
	return teller{made.Tells(p.Asks), ""}
}

// profileRules looks into the folder of the branch's own profiles: which of two files of one name was
// meant would be a guess.
func profileRules(s *sheet, folder string) {
	if folder == "" {
		return
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		s.faultOf("profiles", "profiles %s is no folder: make it, or remove the key", quote(folder))
	}
	for _, name := range ShippedProfiles() {
		if _, err := os.Stat(filepath.Join(folder, name+profileSuffix)); err == nil {
			s.faultOf("profiles", "%s holds %s, and a shipped profile has that name: give yours another", quote(folder), name+profileSuffix)
		}
	}
}

// insteadOf says which of the names a wrong one was meant to be, or which ones there are.
func insteadOf(wrong string, names []string) string {
	for _, name := range names {
		if levenshtein.ComputeDistance(wrong, name) <= 1+len(wrong)/4 {
			return "did you mean " + quote(name) + "?"
		}
	}
	return "write " + or(names)
}

func addressRules(s *sheet, way string, p *SerialPad, made *profiles.Protocol) {
	first, last := made.Addresses()
	switch {
	case !s.has(under(way, "address")):
		p.Address = first
	case last == 0:
		s.faultOf(under(way, "address"), "pads of profile %s have no address: remove it", made.Name())
	case p.Address < first || p.Address > last:
		s.faultOf(under(way, "address"), "address %d: write %d to %d, for profile %s", p.Address, first, last, made.Name())
	}
}

func ackRules(s *sheet, way string, p *SerialPad, made *profiles.Protocol) {
	known := made.Acks()
	switch {
	case p.Ack == "" && len(known) > 0:
		p.Ack = known[0]
	case p.Ack != "" && len(known) == 0:
		s.faultOf(under(way, "ack"), "pads of profile %s are never acknowledged: remove ack", made.Name())
	case p.Ack != "" && !slices.Contains(known, p.Ack):
		s.faultOf(under(way, "ack"), "ack %s: write %s", quote(p.Ack), or(known))
	}
}

func serialKeyRules(s *sheet, way string, p *SerialPad, made *profiles.Protocol) {
	if p.Keys == nil && len(made.Keys()) == 0 && !s.has(under(way, "keys")) {
		s.faultOf(under(way, "profile"), "profile %s does not say which key is best: write keys: {01: 5, …}, each key with its score, or find them with: evalpad probe", made.Name())
	}
	if _, err := profiles.ReadKeys(p.Keys); err != nil {
		s.faultOf(under(way, "keys"), "%v", err)
	}
	if poll := made.Poll(); poll != nil && poll.Bits() {
		for name := range p.Keys {
			if keys, err := profiles.ReadKeys(map[string]int{name: 1}); err == nil {
				for key := range keys {
					if int(key) >= poll.Keys {
						s.faultOf(under(way, "keys/"+name), "input %s: profile %s reads %d inputs, from 0", name, made.Name(), poll.Keys)
					}
				}
			}
		}
	}
}
