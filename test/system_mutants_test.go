package test

import (
	"os"
	"testing"
)

// systemMutants are the bugs that TestSystem hunts on a real kernel's lines and ports.
var systemMutants = []mutant{
	{
		name: "debounce-off", pkg: "./test", run: "TestSystem/keys",
		file: "device/contact/contact.go",
		old:  "	case quiet >= debounce && r.Active:\n		c.phase, c.opened = closed, false\n",
		new:  "	case quiet >= 0 && r.Active:\n		c.phase, c.opened = closed, false\n",
	},
	{
		name: "rearmed-at-once", pkg: "./test", run: "TestSystem/keys",
		file: "device/contact/contact.go",
		old:  "!r.Active && quiet >= openFor && r.At-c.start >= rearm:",
		new:  "!r.Active && quiet >= openFor/10:",
	},
	{
		name: "port-left-open", pkg: "./test", run: "TestSystem/unplugged",
		file: "device/serialpad/door.go",
		old:  "	_ = p.tty.Close() // nor is anything to be done if the device will not be closed\n	_ = p.node.Close()\n",
		new:  "	leaked = append(leaked, p)\n}\n\nvar leaked []*port\n\nfunc init() {\n",
	},
	{
		name: "line-tried-once", pkg: "./test", run: "TestSystem/two-names-and-a-busy-line",
		file: "device/gpiokeys/keeper.go",
		old:  "		if !k.lose(ctx, bad) {\n			return\n		}\n		pause(ctx, retry)\n",
		new:  "		if !k.lose(ctx, bad) || len(bad) > 0 {\n			return\n		}\n		pause(ctx, retry)\n",
	},
}

// TestSystemMutants plants each in turn; a boot for each makes it one of make system only.
func TestSystemMutants(t *testing.T) {
	if os.Getenv("EVALPAD_SYSTEM") != "" {
		plantAll(t, systemMutants)
	}
}
