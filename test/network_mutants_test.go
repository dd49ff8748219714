package test

// networkMutants are the bugs that the tests of network, fleet and restore hunt. Where a test in a
// bubble finds the same bug as one of real processes, the bubble's is run: it takes seconds.
var networkMutants = []mutant{
	{
		name: "reconnect-without-jitter", pkg: "./test", run: "TestFleetReturns/broker_restarted",
		file: "sync/link/patience.go",
		old:  "	return time.Duration(rnd() * float64(ceiling))\n",
		new:  "	return ceiling / 2\n",
	},
	{
		name: "spread-ignored", pkg: "./test", run: "TestFleetReturns/broker_restarted",
		file: "sync/uplink/absence.go",
		old:  "u.patience.Next(u.spread(), u.urgent(), u.o.Random)",
		new:  "u.patience.Next(0, u.urgent(), u.o.Random)",
	},
	{
		name: "spread-forgotten", pkg: "./test", run: "TestFleetReturns/a_city's_power_is_back",
		file: "sync/uplink/absence.go",
		old:  "	if u.noted.Seconds == 0 || u.noted.Boot == u.o.Boot {\n",
		new:  "	if u.noted.Seconds >= 0 {\n",
	},
	{
		name: "spread-told-once", pkg: "./cmd/inspector/internal/intake", run: "TestSpreadGrowsWithTheFleet",
		file: "cmd/inspector/internal/intake/session.go",
		old:  "	if math.Abs(spread(devices)-s.said) <= s.said/10 {\n",
		new:  "	if math.Abs(spread(devices)-s.said) >= 0 {\n",
	},
	{
		name: "poison-never-parked", pkg: "./sync/uplink", run: "TestPoison",
		file: "sync/uplink/suspects.go",
		old:  "	if s.strikes[l.Ref] < strikesToPark {\n",
		new:  "	if s.strikes[l.Ref] < 1<<30 {\n",
	},
	{
		name: "resend-ignored", pkg: "./test", run: "TestRestoredHeadquarters",
		file: "sync/uplink/command.go",
		old:  "	s.extra = append(s.extra[:0:0], letters...)\n",
		new:  "	s.extra = append(s.extra[:0:0], letters[:0]...)\n",
	},
	{
		name: "return-under-an-old-number", pkg: "./sync/uplink", run: "TestHeadquartersFromABackup",
		file: "sync/uplink/presence.go",
		old:  "(s.hq != hq.Session || s.hqAway)",
		new:  "s.hq != hq.Session",
	},
	{
		name: "silence-unnoticed", pkg: "./sync/link", run: "TestHalfOpenLineIsNoticed",
		file: "sync/link/line.go",
		old:  "e.SetReadDeadline(time.Now().Add(e.silence))",
		new:  "e.SetReadDeadline(time.Now().Add(4 * e.silence))",
	},
	{
		name: "write-timeout-off", pkg: "./sync/link", run: "TestStuckLine",
		file: "sync/link/line.go",
		old:  "l.Conn.SetWriteDeadline(l.written.Add(l.writeTimeout))",
		new:  "l.Conn.SetWriteDeadline(l.written.Add(time.Hour))",
	},
	{
		name: "silence-never-said", quick: true, pkg: "./sync/uplink", run: "TestSilentHeadquartersIsSaidAloud",
		file: "sync/uplink/state.go",
		old:  "s.Owed > 0 && now-s.OwedSince > silentAfter",
		new:  "s.Owed > 0 && now-s.OwedSince > 1000*silentAfter",
	},
}
