package test

// padMutants are the bugs that the tests of serial pads hunt.
var padMutants = []mutant{
	{
		name: "noise-swallows-the-frame", quick: true, pkg: "./device/serialpad/profiles", run: "TestEveryProtocolLosesNothing",
		file: "device/serialpad/profiles/match.go",
		old:  "	return v, 1, Frame{}\n}\n\n// judgeEscaped",
		new:  "	return v, max(r.pos, 1), Frame{}\n}\n\n// judgeEscaped",
	},
	{
		name: "wrong-sum-taken", pkg: "./device/serialpad/profiles", run: "TestEveryCheckSeesAFlippedBit",
		file: "device/serialpad/profiles/reading.go",
		old:  "		return wrongSum\n	}\n	return whole\n}\n\nfunc (r *reading) endOf",
		new:  "		return whole\n	}\n	return whole\n}\n\nfunc (r *reading) endOf",
	},
	{
		name: "crc-the-wrong-way-round", pkg: "./device/serialpad/profiles", run: "TestShipped/modbus-keys",
		file: "device/serialpad/profiles/ending.go",
		old:  "low: word == wordCRCLow",
		new:  "low: word != wordCRCLow",
	},
	{
		name: "escape-left-in", pkg: "./device/serialpad/profiles", run: "TestEveryFrameSurvivesItsLine",
		file: "device/serialpad/profiles/match.go",
		old:  "			if e.plain == x {",
		new:  "			if e.plain == x && x != e.first {",
	},
	{
		name: "unknown-key-guessed", pkg: "./device/serialpad", run: "TestSameByteTwiceIsTwoPresses",
		file: "device/serialpad/profiles/station.go",
		old:  "	if score == 0 || !known {",
		new:  "	if score == 0 {\n		score = 5\n	}\n	if !known {",
	},
	{
		name: "numbers-ignored", quick: true, pkg: "./device/serialpad", run: "TestLineNumbersTellPressesApart",
		file: "device/serialpad/profiles/reading.go",
		old:  "		r.frame.Number = byte(v)",
		new:  "		_ = v",
	},
	{
		name: "repeat-forgotten-too-soon", pkg: "./device/serialpad", run: "TestLineNumbersTellPressesApart",
		file: "device/serialpad/conversation.go",
		old:  "	if o.Protocol.Numbered() {",
		new:  "	if false {",
	},
	{
		name: "byte-pad-repeats", pkg: "./device/serialpad", run: "TestSameByteTwiceIsTwoPresses",
		file: "device/serialpad/conversation.go",
		old:  "	if !c.protocol.Repeats() {",
		new:  "	if false {",
	},
	{
		name: "counter-hears-the-other", pkg: "./device/serialpad", run: "TestCountersShareALine",
		file: "device/serialpad/bus.go",
		old:  "	return slices.DeleteFunc(all, func(l *listener) bool { return l.pad != b.pads[owner] })",
		new:  "	_ = owner\n	return all",
	},
	{
		name: "presses-of-a-dark-module-taken", pkg: "./device/serialpad", run: "TestSilentModuleIsLost",
		file: "device/serialpad/polled.go",
		old:  "	p.known = false\n	for key",
		new:  "	for key",
	},
	{
		name: "module-never-lost", pkg: "./device/serialpad", run: "TestSilentModuleIsLost",
		file: "device/serialpad/polled.go",
		old:  "	return at-p.heard >= silentFor",
		new:  "	return false",
	},
	{
		name: "pulled-cable-forgets", pkg: "./device/serialpad", run: "TestPressUnderAPulledCableIsOnePress",
		file: "device/serialpad/conversation.go",
		old:  "	if back-c.lostAt >= awayAtMost {",
		new:  "	if back >= c.lostAt {",
	},
	{
		name: "hello-changes-nothing", pkg: "./device/serialpad", run: "TestHelloForgetsWhatWasNotThanked",
		file: "device/serialpad/conversation.go",
		old:  "	if c.station.IsHello(f) {",
		new:  "	if false {",
	},
}
