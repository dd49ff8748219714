package test

// hqMutants are the bugs that the tests of what headquarters makes of its records hunt.
var hqMutants = []mutant{
	{
		name: "worst-forgotten", quick: true, pkg: "./cmd/inspector/internal/rates", run: "TestJoinKnowsNoOrder",
		file: "cmd/inspector/internal/rates/evaluation.go",
		old:  "!scored || s < had {",
		new:  "!scored {\n			_ = had",
	},
	{
		name: "worst-forgotten-in-the-case", pkg: "./cmd/inspector/internal/ledger", run: "TestReasonsReachTheCase",
		file: "cmd/inspector/internal/casebook/amend.go",
		old:  "!ok || s < had {",
		new:  "!ok {\n			_ = had",
	},
	{
		name: "amendment-opens-a-second-case", quick: true, pkg: "./cmd/inspector/internal/ledger", run: "TestAmendmentsInAnyOrder",
		file: "cmd/inspector/internal/casebook/case.go",
		old:  "	key := cmp.Or(e.Amends, e.Evaluation)\n",
		new:  "	key := cmp.Or(e.Evaluation, e.Amends)\n",
	},
	{
		name: "amendment-starts-the-clock-anew", pkg: "./cmd/inspector/internal/ledger", run: "TestAmendmentsInAnyOrder",
		file: "agent/evaluation/past.go",
		old:  "		e.Pressed = *p.Low\n",
		new:  "		_ = p.Low\n",
	},
	{
		name: "earlier-reasons-forgotten", pkg: "./cmd/inspector/internal/ledger", run: "TestReasonsReachTheCase",
		file: "cmd/inspector/internal/ledger/filing.go",
		old:  "		c.Amend(e, now)\n",
		new:  "		e.Reasons = nil\n		c.Amend(e, now)\n",
	},
	{
		name: "corrected-up-counts", pkg: "./cmd/inspector/internal/ledger", run: "TestAmendmentsInAnyOrder",
		file: "cmd/inspector/internal/casebook/amend.go",
		old:  "!ok || s < had {",
		new:  "!ok || s != had {",
	},
	{
		name: "deviation-not-mended", quick: true, pkg: "./cmd/inspector/internal/ledger", run: "TestOutsideIsMendedByTheNextStart",
		file: "cmd/inspector/internal/ledger/rules.go",
		old:  "		return t.mend(ctx, OutsideRules, device, \"the rules in force are within the template\", now)\n",
		new:  "		return nil\n",
	},
	{
		name: "older-start-overrules", pkg: "./cmd/inspector/internal/ledger", run: "TestOlderEpochChangesNoRules",
		file: "cmd/inspector/internal/ledger/rules.go",
		old:  "epoch == from {\n			return true, nil",
		new:  "epoch == from {\n			return false, nil",
	},
	{
		name: "code-of-another", quick: true, pkg: "./cmd/inspector/internal/ledger", run: "TestCodeFindsItsEvaluation",
		file: "cmd/inspector/internal/ledger/filing.go",
		old:  "millis(a.Received), wire.Code(root))",
		new:  "millis(a.Received), wire.Code(e.Evaluation))",
	},
	{
		name: "refusals-do-not-bias", pkg: "./cmd/inspector/internal/rates", run: "TestRefusedPressesBias",
		file: "cmd/inspector/internal/rates/sheet.go",
		old:  "	l.Biased = true\n",
		new:  "",
	},
	{
		name: "bent-rule-untold", pkg: "./agent", run: "TestRulesAreToldAtEachStart",
		file: "agent/rules.go",
		old:  "LockOutMS: in.LockOut.Milliseconds(),",
		new:  "",
	},
	{
		name: "tally-dated-by-arrival", pkg: "./cmd/inspector/internal/app", run: "TestRulesAndRefusalsReachHeadquarters",
		file: "cmd/inspector/internal/ledger/tallies.go",
		old:  "	if at.IsZero() {",
		new:  "	if true {",
	},
}
