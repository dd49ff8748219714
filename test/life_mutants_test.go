package test

// lifeMutants are the bugs that TestLongLife hunts, beside the inspector's app.
var lifeMutants = []mutant{{
	name: "a-goroutine-a-session", pkg: "./cmd/inspector/internal/app", run: "TestLongLife",
	file: "sync/link/session.go",
	old:  "	s.client = mqtt.NewClient(s.settings(o))\n",
	new:  "	s.client = mqtt.NewClient(s.settings(o))\n	go func() { select {} }()\n",
}}
