package main

import (
	"strings"

	"evalpad/agent"
	"evalpad/sync/uplink"
)

// modes says what each degraded mode means, for a technician who reads status.
var modes = map[string]string{
	uplink.Offline:            "no session with the broker; every press is kept here until there is one",
	uplink.HeadquartersSilent: "the broker takes what this box sends, and headquarters does not thank for it; everything is kept and sent again",
	uplink.NotGuaranteed:      "records are settled on the broker's word, which it also gives for what it drops (settle_on: puback)",
	uplink.ParkedRecords:      "the broker has hung up three times on the same record; the rest goes on, and it is tried again hourly",
	uplink.TwinSeen:           "another box uses this device's name: give one of them a name of its own",
	agent.PadLost:             "the pad is gone; plug it in, nothing needs a restart",
	agent.StuckKey:            "a key is held down and is not counted; the others are",
	agent.DeskClosed:          "the tellers' program cannot prompt; ratings go on, and it is tried again every few seconds; the log says why",
	agent.StoreFault:          "presses cannot be kept on disk, so nobody is thanked",
}

// modeWords is the mode, with its part before it if it has one, and what it means.
func modeWords(mode string) string {
	if words, known := modes[mode[strings.LastIndex(mode, " ")+1:]]; known {
		return mode + ": " + words
	}
	return mode
}
