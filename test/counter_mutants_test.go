package test

// counterMutants are the bugs that the tests of the counter's rules, and of keypads that ask several
// questions, hunt.
var counterMutants = []mutant{
	{
		name: "lock-out-refuses-the-first-after-a-prompt", quick: true, pkg: "./agent/evaluation", run: "TestPromptEndsTheLockOut",
		file: "agent/evaluation/press.go",
		old:  "	if s.Open == nil && s.joins(e.At) {\n",
		new: "	if p := s.Pace; p != nil && e.At.UptimeMS-p.Rated[len(p.Rated)-1] < s.Rules.LockOut.Milliseconds() && s.Past == nil {\n" +
			"		return s.refused(ReasonAnswered)\n	}\n	if s.Open == nil && s.joins(e.At) {\n",
	},
	{
		name: "prompt-ends-no-hammering", pkg: "./agent/evaluation", run: "TestPromptEndsTheLockOut",
		file: "agent/evaluation/prompt.go",
		old:  "	case s.Open.isOf(e):\n",
		new:  "	case s.Past != nil && s.Past.Paused > e.At.UptimeMS:\n		return s, []Effect{Again{e.Signal}}\n	case s.Open.isOf(e):\n",
	},
	{
		name: "amendment-drops-the-first", pkg: "./agent/evaluation", run: "TestEveryAmendmentIsKept",
		file: "agent/evaluation/past.go",
		old:  "	p.Given[question] = append(slices.Clone(given), e.Score)\n",
		new:  "	p.Given[question] = []wire.Score{e.Score}\n",
	},
	{
		name: "amendment-stands-alone", pkg: "./agent/evaluation", run: "TestEveryAmendmentIsKept",
		file: "agent/evaluation/past.go",
		old:  "Evaluation: id, Amends: p.ID, Teller",
		new:  "Evaluation: id, Teller",
	},
	{
		name: "corrected-up-withdraws-the-alert", quick: true, pkg: "./agent/evaluation", run: "TestCorrectedUpStands",
		file: "agent/evaluation/past.go",
		old:  "		e.Scores[d] = slices.Min(given)\n",
		new:  "		e.Scores[d] = given[len(given)-1]\n",
	},
	{
		name: "corrected-up-is-not-said", pkg: "./agent/evaluation", run: "TestCorrectedUpStands",
		file: "agent/evaluation/past.go",
		old:  "len(given) > 0 && e.Score > given[0]",
		new:  "len(given) > 0 && e.Score > given[0]+4",
	},
	{
		name: "too-fast-off", pkg: "./agent/evaluation", run: "TestSelfPressIsFlagged",
		file: "agent/evaluation/pace.go",
		old:  "	if e.Prompted && e.LatencyMS < tooFastMS {\n",
		new:  "	if e.Prompted && e.LatencyMS < 0 {\n",
	},
	{
		name: "burst-off", pkg: "./agent/evaluation", run: "TestBurstIsFlagged",
		file: "agent/evaluation/pace.go",
		old:  "	if len(p.Rated) > burstOf {\n",
		new:  "	if len(p.Rated) > burstOf+1 {\n",
	},
	{
		name: "self-press-off", pkg: "./agent/evaluation", run: "TestSelfPressIsFlagged",
		file: "agent/evaluation/pace.go",
		old:  "	if len(p.Latencies) < runOf {\n",
		new:  "	if len(p.Latencies) <= runOf {\n",
	},
	{
		name: "even-pace-unseen", pkg: "./agent/evaluation", run: "TestSelfPressIsFlagged",
		file: "agent/evaluation/pace.go",
		old:  "	return math.Sqrt(squares/runOf) < runSpread*mean\n",
		new:  "	return math.Sqrt(squares/runOf) < 0*mean\n",
	},
	{
		name: "login-never-ends", quick: true, pkg: "./agent/evaluation", run: "TestLoginEndsAtClosingTime",
		file: "agent/evaluation/login.go",
		old:  "	return !to.Wall.Before(closing)\n",
		new:  "	return false && !to.Wall.Before(closing)\n",
	},
	{
		name: "idle-login-never-ends", pkg: "./agent/evaluation", run: "TestTransitions",
		file: "agent/evaluation/login.go",
		old:  "at.UptimeMS-last.UptimeMS >= loginIdle.Milliseconds()",
		new:  "at.UptimeMS < last.UptimeMS",
	},
	{
		name: "refused-press-uncounted", pkg: "./agent/evaluation", run: "TestOtherSignals",
		file: "agent/evaluation/signal.go",
		old:  "		d.count(pressFate(effects, err))\n",
		new:  "		if _, refused := refusal(effects); !refused {\n			d.count(pressFate(effects, err))\n		}\n",
	},
	{
		name: "more-without-bound", quick: true, pkg: "./agent/evaluation", run: "TestMoreTimeIsBounded",
		file: "agent/evaluation/prompt.go",
		old:  "	case s.Open.More >= mostMore:\n",
		new:  "	case s.Open.More < 0:\n",
	},
	{
		name: "more-three-times-only", pkg: "./agent/evaluation", run: "TestMoreTimeIsBounded",
		file: "agent/evaluation/prompt.go",
		old:  "const mostMore = 10\n",
		new:  "const mostMore = 3\n",
	},
	{
		name: "refused-more-unanswered", pkg: "./agent/evaluation", run: "TestMoreTimeIsBounded",
		file: "agent/evaluation/prompt.go",
		old:  "		return s.denied(ReasonTooMuch, e.Signal)\n",
		new:  "		return s.refused(ReasonTooMuch)\n",
	},
	{
		name: "denied-is-taken-for-stored", pkg: "./device/touch", run: "TestDeniedIsSaidAtOnce",
		file: "device/touch/promise.go",
		old:  "	case s.Denied:\n",
		new:  "	case s.Denied && s.Kind == device.Fault:\n",
	},
	{
		name: "why-begins-anew", pkg: "./agent/evaluation", run: "TestWhyKeepsItsWindow",
		file: "agent/evaluation/promise.go",
		old:  "	if s.Kind == device.Ask || s.Kind == device.Why {\n",
		new:  "	if s.Kind == device.Ask {\n",
	},
	{
		name: "ticket-again-for-ever", pkg: "./agent/evaluation", run: "TestTicketAgainIsForgotten",
		file: "agent/evaluation/ticket.go",
		old:  "return r.Ticket == ticket && holds(r.At, at) })",
		new:  "return r.Ticket == ticket })",
	},
	{
		name: "unasked-not-recorded", quick: true, pkg: "./agent/evaluation", run: "TestUnaskedIsOneRecord",
		file: "agent/evaluation/ticket.go",
		old:  "	return s, []Effect{Finish{wire.Evaluation{\n		Evaluation: e.ID, Teller: s.Teller, Ticket: e.Ticket, Outcome: wire.NotPrompted",
		new:  "	if s.Open == nil {\n		return s, []Effect{Keep{}, Again{e.Signal}}\n	}\n	return s, []Effect{Finish{wire.Evaluation{\n		Evaluation: e.ID, Teller: s.Teller, Ticket: e.Ticket, Outcome: wire.NotPrompted",
	},
	{
		name: "silence-is-satisfied", quick: true, pkg: "./agent/evaluation", run: "TestDeskSilence",
		file: "agent/evaluation/finish.go",
		old:  "	e.Outcome = s.outcome()\n",
		new:  "	e.Outcome = s.outcome()\n	if e.Outcome == wire.NotRated {\n		e.Outcome = wire.Rated\n		for _, d := range s.Rules.Ask {\n			e.Scores[d] = 4\n		}\n	}\n",
	},
	{
		name: "two-questions-lit", quick: true, pkg: "./device/gpiokeys", run: "TestOneLampAQuestion",
		file: "device/gpiokeys/lamps.go",
		old:  "[]bool{false, true}",
		new:  "[]bool{true, false}",
	},
	{
		name: "lit-beside-one-that-burns", pkg: "./device/gpiokeys", run: "TestNoSecondQuestionBesideOneThatBurns",
		file: "device/gpiokeys/lamps.go",
		old:  " || on && l.question && !clear {",
		new:  " || on && l.question && !clear && now.ask == now.thanks {",
	},
	{
		name: "lamp-of-another-question", pkg: "./agent/evaluation", run: "TestLampsLeadThroughThreeQuestions",
		file: "device/gpiokeys/orders.go",
		old:  "	if s.Kind == device.Nod {\n		return\n	}\n	question",
		new:  "	if s.Kind == device.Nod || s.Kind == o.asked.Kind {\n		return\n	}\n	question",
	},
	{
		name: "double-press-answers-the-unseen", quick: true, pkg: "./agent/evaluation", run: "TestLampsLeadThroughThreeQuestions",
		file: "device/contact/asked.go",
		old:  "	if at-a.since < seenAfter {\n",
		new:  "	if at < a.since {\n",
	},
	{
		name: "stars-stay", pkg: "./device/serialpad", run: "TestStarsGoOut",
		file: "device/serialpad/profiles/asks.go",
		old:  "		return s.say(s.p.asks[s.asks][noQuestion], q)\n",
		new:  "		return nil\n",
	},
	{
		name: "stars-wait-for-thanks", pkg: "./device/serialpad", run: "TestStarsDoNotWaitForThanks",
		file: "device/serialpad/conversation.go",
		old:  "	c.tell(device.Ask, q)\n	if c.unthanked.keyWaits(c.pad.bus.options.Uptime()) {\n		return\n	}\n",
		new:  "	if c.unthanked.keyWaits(c.pad.bus.options.Uptime()) {\n		return\n	}\n	c.tell(device.Ask, q)\n",
	},
	{
		name: "asks-without-knowing-how", pkg: "./cmd/internal/config", run: "TestFaults",
		file: "cmd/internal/config/padrules.go",
		old:  "	case len(c.Ask) > 1 && c.hasKeypad() && !c.Screen && len(keypad.told) == 0:\n",
		new:  "	case len(c.Ask) > 4 && len(keypad.told) == 0:\n",
	},
	{
		name: "keypad-asks-without-stars", pkg: "./cmd/evalpad", run: "TestThreeQuestionsOnAKeypad",
		file: "cmd/evalpad/hardware.go",
		old:  ", Asks: s.Asks})",
		new:  "})",
	},
}
