package test

// powerMutants are the bugs that the power cuts and the failing disks of test/power hunt.
var powerMutants = []mutant{
	{
		name: "no-fsync", quick: true, pkg: "./test/power", run: "TestPowerCut",
		file: "sync/outbox/file.go",
		old:  "	db.AllocSize = allocStep\n",
		new:  "	db.AllocSize = allocStep\n	db.NoSync = true\n",
	},
	{
		name: "no-fsync-under-ext4", pkg: "./test/power", run: "TestPowerCutUnderExt4",
		file: "sync/outbox/file.go",
		old:  "	db.AllocSize = allocStep\n",
		new:  "	db.AllocSize = allocStep\n	db.NoSync = true\n",
	},
	{
		name: "evaluation-without-its-desk", pkg: "./test/power", run: "TestPowerCut",
		file: "sync/outbox/writer.go",
		old:  "	err := b.update(func(tx *bolt.Tx) error { return p.apply(tx, at) })\n",
		new: "	err := b.update(func(tx *bolt.Tx) error {\n		for _, r := range p.taken {\n			if err := keep(tx.Bucket(inDesks), r.change.Desks); err != nil {\n				return err\n			}\n		}\n		return nil\n	})\n" +
			"	if err == nil {\n		err = b.update(func(tx *bolt.Tx) error { return p.apply(tx, at) })\n	}\n",
	},
	{
		name: "file-made-in-place", pkg: "./test/power", run: "TestPowerCutWhileTheFileIsMade",
		file: "sync/outbox/file.go",
		old:  "	tmp := b.path + \".tmp\"\n",
		new:  "	tmp := b.path\n",
	},
	{
		name: "rename-without-sync", pkg: "./test/power", run: "TestPowerCutWhileSalvaging",
		file: "sync/outbox/file.go",
		old:  "	return syncDir(filepath.Dir(b.path))\n",
		new:  "	_ = filepath.Dir\n	return nil\n",
	},
	{
		name: "wreck-forgotten", pkg: "./test/power", run: "TestPowerCutWhileSalvaging",
		file: "sync/outbox/mend.go",
		old:  "	if len(numbers) == 0 {\n		return b.makeFile",
		new:  "	if true {\n		return b.makeFile",
	},
	{
		name: "failed-sync-believed", pkg: "./test/power", run: "TestFailingDisk",
		file: "sync/outbox/fault.go",
		old:  "b.confirm(&found) == nil",
		new:  "true",
	},
	{
		name: "check-in-the-agent", pkg: "./test", run: "TestAFileThatEndsItsReader",
		file: "cmd/evalpad/run.go",
		old:  ", Checker: checkInChild}",
		new:  "}",
	},
	{
		name: "pages-of-several-moments", pkg: "./sync/outbox", run: "TestPagesOfSeveralMoments",
		file: "sync/outbox/check.go",
		old:  "		return cmp.Or(checkRows(tx, st), checkLetters(tx, st))\n",
		new:  "		_ = cmp.Or(st.Kept)\n		return nil\n",
	},
	{
		name: "bad-sector-hides-its-block", pkg: "./test/power", run: "TestABadSector",
		file: "sync/outbox/salvage.go",
		old:  "		case err != nil:\n			clear(page)\n",
		new:  "		case err != nil:\n			return n, false\n",
	},
	{
		name: "meta-not-vouched-for", pkg: "./test/power", run: "TestFailingDisk",
		file: "sync/outbox/vouch.go",
		old:  "	if b.vouched {\n",
		new:  "	if true {\n",
	},
}
