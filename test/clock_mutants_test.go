package test

// clockMutants are the bugs that the tests of clocks, certificates and the watchdog hunt.
var clockMutants = []mutant{
	{
		name: "wall-clock-for-uptime", pkg: "./cmd/inspector/internal/intake", run: "TestHistories",
		file: "cmd/inspector/internal/casebook/reckoning.go",
		old:  "	if r := e.Boot.Reckon(uptime, e.Received); !r.At.IsZero() {\n		return r\n	}\n	if r, ok := e.wall(); ok {\n		return r\n	}\n",
		new:  "	if r, ok := e.wall(); ok {\n		return r\n	}\n	if r := e.Boot.Reckon(uptime, e.Received); !r.At.IsZero() {\n		return r\n	}\n",
	},
	{
		name: "anchors-from-retained", pkg: "./cmd/inspector/internal/intake", run: "TestHistories",
		file: "cmd/inspector/internal/intake/status.go",
		old:  "if b.uptimeAt = (time.Time{}); !l.Retained {",
		new:  "if b.uptimeAt = (time.Time{}); true {",
	},
	{
		name: "deadline-from-arrival", quick: true, pkg: "./cmd/inspector/internal/casebook", run: "TestOpenCountsFromTheRating",
		file: "cmd/inspector/internal/casebook/case.go",
		old:  "	from := rated.Time\n",
		new:  "	from := at.Time\n",
	},
	{
		name: "watchdog-without-progress", pkg: "./test", run: "TestWatchdog",
		file: "cmd/evalpad/watchdog.go",
		old:  "len(stuck) > 0 {",
		new:  "len(stuck) < 0 {",
	},
	{
		name: "time-floor-left-out", pkg: "./sync/uplink", run: "TestCertificateWithAWrongClock",
		file: "sync/uplink/calendar.go",
		old:  "	if wall, set := c.wall(); set {\n		return later(now, wall)\n	}\n	return now\n",
		new:  "	now, _ = c.wall()\n	return now\n",
	},
}
