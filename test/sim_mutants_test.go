package test

// simMutants are the bugs that the simulated bank and the stories beside it hunt.
var simMutants = []mutant{
	{
		name: "ledger-dedupe-off",
		file: "cmd/inspector/internal/ledger/take.go",
		old:  "if h == a.Hash.String() {",
		new:  "if h == a.Hash.String() && len(h) == 0 {",
		pkg:  "./cmd/inspector/internal/app", run: "TestSimulation/1", quick: true,
	},
	{
		name: "case-reopened-by-duplicate",
		file: "cmd/inspector/internal/ledger/take.go",
		old:  "	if err != nil || known {\n		return Duplicate, err\n",
		new: "	if err != nil || known {\n		if err == nil {\n" +
			"			err = t.exec(ctx, `update cases set state = 'open', doc = json_set(doc, '$.state', 'open') where device = $1`, a.Record.Place.Device)\n" +
			"		}\n		return Duplicate, err\n",
		pkg: "./cmd/inspector/internal/app", run: "TestSimulation",
	},
	{
		name: "breach-written-twice",
		file: "cmd/inspector/internal/casebook/clocks.go",
		old:  "if p.done != nil || *p.breached != nil || now.Before(p.At.Time) {",
		new:  "if p.done != nil || now.Before(p.At.Time) {",
		pkg:  "./cmd/inspector/internal/app", run: "TestSimulation",
	},
	{
		name: "rewind-forgotten",
		file: "sync/uplink/presence.go",
		old:  "if s.hq != 0 && (s.hq != hq.Session || s.hqAway) {",
		new:  "if s.hq != 0 && s.hq > hq.Session {",
		pkg:  "./cmd/inspector/internal/app", run: "TestHeadquartersReturns",
	},
	{
		name: "alert-in-its-own-transaction",
		file: "agent/store.go",
		old:  "	_, err := s.store.Commit(ctx, change)\n",
		new: "	if len(change.Drafts) > 1 {\n" +
			"		if _, err := s.store.Commit(ctx, outbox.Change{Drafts: change.Drafts[:1]}); err != nil {\n			return err\n		}\n" +
			"		change.Drafts = change.Drafts[1:]\n	}\n	_, err := s.store.Commit(ctx, change)\n",
		pkg: "./cmd/inspector/internal/app", run: "TestSimulation",
	},
	{
		name: "settle-beyond-the-gap",
		file: "sync/uplink/receipt.go",
		old:  "	for _, span := range r.Also {\n",
		new:  "	for _, span := range r.Also {\n		span.From = 1\n",
		pkg:  "./cmd/inspector/internal/app", run: "TestSimulation",
	},
	{
		name: "retried-after-a-doubtful-commit",
		file: "agent/evaluation/promise.go",
		old:  "	d.state = next\n	for _, effect := range effects {\n		switch effect.(type) {\n		case Arm, Disarm:",
		new:  "	for _, effect := range effects {\n		switch effect.(type) {\n		case Arm, Disarm:",
		pkg:  "./agent/evaluation", run: "TestStoredAndNotVouchedFor",
	},
	{
		name: "commit-takes-anothers-number",
		file: "sync/outbox/plan.go",
		old:  "max(p.state.Commits, b.doubted) + 1",
		new:  "p.state.Commits + 1",
		pkg:  "./sync/outbox", run: "TestNoCommitTakesAnothersNumber",
	},
	{
		name: "nothing-doubted",
		file: "cmd/inspector/internal/intake/heartbeat.go",
		old:  "	return s.doubt(ctx, b, hb)\n",
		new:  "	return nil\n",
		pkg:  "./cmd/inspector/internal/intake", run: "TestAttacks", quick: true,
	},
	{
		name: "wiped-card-unnoticed",
		file: "cmd/inspector/internal/ledger/filing.go",
		old:  "	if err != nil || other == \"\" {\n",
		new:  "	if err != nil || other == \"\" || len(other) > 0 {\n",
		pkg:  "./cmd/inspector/internal/intake", run: "TestAttacks",
	},
}
