package test

// integrityMutants are the bugs that the synthetic branches hunt.
var integrityMutants = []mutant{
	{
		name: "cheats-make-cheating-usual", pkg: "./cmd/inspector/internal/integrity", run: "TestPower",
		file: "cmd/inspector/internal/integrity/base.go",
		old:  "	b := moments(tellers[cut:len(tellers)-cut], middleVariance)\n",
		new:  "	b := moments(tellers, 1)\n	_ = cut\n",
	},
	{
		name: "honest-tellers-do-not-differ", pkg: "./cmd/inspector/internal/integrity", run: "TestPower",
		file: "cmd/inspector/internal/integrity/base.go",
		old:  "		b.Spread = min(max((squares-pq*free)/room, 0), 0.5)\n",
		new:  "		b.Spread = 0\n",
	},
	{
		name: "child-blamed-on-the-teller", quick: true, pkg: "./cmd/inspector/internal/integrity", run: "TestTally",
		file: "cmd/inspector/internal/integrity/integrity.go",
		old:  "	case e.Prompted:\n",
		new:  "	case e.Outcome != wire.NotPrompted:\n",
	},
	{
		name: "silent-customers-left-out", quick: true, pkg: "./cmd/inspector/internal/board", run: "TestIntegrityOverTheAPI",
		file: "cmd/inspector/internal/integrity/integrity.go",
		old:  "	case e.Outcome == wire.NotPrompted:\n		t.Transactions++\n",
		new:  "	case e.Outcome == wire.NotPrompted:\n",
	},
}
