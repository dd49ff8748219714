package main

import (
	"fmt"

	"evalpad/cmd/internal/config"
	"evalpad/device/serialpad/profiles"
	"evalpad/sync/wire"
)

// padRules are what headquarters is told of a counter's pads: what a press becomes, and on whose word.
func padRules(at config.Counter, folder string) (list []wire.PadRules, err error) {
	if s := at.Serial; s != nil {
		told, err := serialRules(s, folder)
		if err != nil {
			return nil, err
		}
		list = append(list, told)
	}
	if g := at.GPIO; g != nil {
		list = append(list, wire.PadRules{Pad: wire.PadGPIO, Keys: scores(g.Keys), DebounceMS: g.Debounce.Milliseconds()})
	}
	if u := at.USB; u != nil {
		list = append(list, wire.PadRules{Pad: wire.PadUSB, Keys: scores(u.Keys), Actions: u.Actions})
	}
	if at.Screen {
		list = append(list, wire.PadRules{Pad: wire.PadTouch})
	}
	return list, nil
}

// serialRules has the key map that holds: the counter's own, else the profile's.
func serialRules(s *config.SerialPad, folder string) (told wire.PadRules, err error) {
	sum, err := config.ProfileSHA256(s.Profile, folder)
	if err != nil {
		return told, fmt.Errorf("pad profile %s: %w", s.Profile, err)
	}
	protocol, err := config.Profile(s.Profile, folder)
	if err != nil {
		return told, fmt.Errorf("pad profile %s: %w", s.Profile, err)
	}
	keys := protocol.Keys()
	if s.Keys != nil {
		if keys, err = profiles.ReadKeys(s.Keys); err != nil {
			return told, err
		}
	}
	told = wire.PadRules{Pad: wire.PadSerial, Profile: s.Profile, ProfileSHA256: new(wire.Hash(sum)), Keys: map[string]wire.Score{}}
	for key, score := range keys {
		told.Keys[fmt.Sprintf("%02X", key)] = wire.Score(score)
	}
	return told, nil
}

func scores(keys map[string]int) map[string]wire.Score {
	told := map[string]wire.Score{}
	for key, score := range keys {
		told[key] = wire.Score(score)
	}
	return told
}
