package test

// qrMutants are the bugs that the tests of the second way in, by a code and a phone, hunt.
var qrMutants = []mutant{
	{
		name: "code-taken-twice", quick: true, pkg: "./cmd/inspector/internal/ledger", run: "TestFiftyHandsAndOneCode",
		file: "cmd/inspector/internal/ledger/phone.go",
		old:  "	if len(list) > 0 {\n		return false, ErrTaken\n	}\n",
		new:  "	if len(list) > 0 {\n		return true, nil\n	}\n",
	},
	{
		name: "code-unchecked", quick: true, pkg: "./cmd/inspector/internal/qrdesk", run: "TestWhoseToken",
		file: "cmd/inspector/internal/qrdesk/qrdesk.go",
		old:  "		if err = t.Check(k.Key, k.Device); err == nil {",
		new:  "		if err = t.Check(k.Key, k.Device); true {\n			err = nil",
	},
	{
		name: "code-of-a-copied-card", pkg: "./sync/seal", run: "TestTokenIsOfItsBoxAlone",
		file: "sync/seal/token.go",
		old:  "func ofDevice(body []byte, device string) []byte { return append(tagged(TagToken, body), device...) }",
		new:  "func ofDevice(body []byte, _ string) []byte { return tagged(TagToken, body) }",
	},
	{
		name: "phone-opens-a-second-case", quick: true, pkg: "./cmd/inspector/internal/ledger", run: "TestPhoneAndPadAreOneEvaluation",
		file: "cmd/inspector/internal/ledger/phone.go",
		old:  "	k, err := t.caseOf(ctx, place.Device, e.Evaluation)\n",
		new:  "	e.Evaluation += \"-qr\"\n	k, err := t.caseOf(ctx, place.Device, e.Evaluation)\n",
	},
	{
		name: "pad-forgets-the-phone", pkg: "./cmd/inspector/internal/ledger", run: "TestPhoneAndPadAreOneEvaluation",
		file: "cmd/inspector/internal/ledger/filing.go",
		old:  "	if err := t.addPhone(ctx, &c, a.Received); err != nil {",
		new:  "	if err := error(nil); err != nil {",
	},
	{
		name: "phone-forgets-the-pad", pkg: "./cmd/inspector/internal/ledger", run: "TestPhoneAndPadAreOneEvaluation",
		file: "cmd/inspector/internal/ledger/phone.go",
		old:  "	if err := t.addPad(ctx, &c, p.Taken, \"\", 0, 0); err != nil {",
		new:  "	if err := error(nil); err != nil {",
	},
	{
		name: "code-never-too-old", pkg: "./cmd/inspector/internal/qrdesk", run: "TestExpired",
		file: "cmd/inspector/internal/ledger/phone.go",
		old:  "		if p.expired() {",
		new:  "		if p.expired() && p.GoodFor == 0 {",
	},
	{
		name: "retry-is-refused", pkg: "./cmd/inspector/internal/qrdesk", run: "TestRetryHasTheSameAnswer",
		file: "cmd/inspector/internal/ledger/phone.go",
		old:  "			return true, nil\n		case e.key",
		new:  "			return false, ErrTaken\n		case e.key",
	},
	{
		name: "code-before-the-customer", pkg: "./agent/evaluation", run: "TestPressWithoutAPromptIsLinkedAfterwards",
		file: "agent/evaluation/promise.go",
		old:  "	case shown == device.Ask && open != nil && open.Prompted:",
		new:  "	case shown == device.Ask && open != nil:",
	},
	{
		name: "code-without-quiet-zone", pkg: "./device/touch", run: "TestCodeIsSmall",
		file: "device/touch/qr.go",
		old:  "	quietZone      = 4 ",
		new:  "	quietZone      = 0 ",
	},
}
