package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"evalpad/cmd/internal/config"
)

// machine makes a root folder that holds the given files: name, content, name, content …
func machine(t *testing.T, facts ...string) string {
	t.Helper()
	root := t.TempDir()
	for i := 0; i < len(facts); i += 2 {
		path := filepath.Join(root, facts[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(facts[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func card(name, kind, address string) []string {
	dir := "sys/class/net/" + name + "/"
	return []string{dir + "address", address + "\n", dir + "addr_assign_type", kind + "\n", dir + "device/uevent", ""}
}

func TestDeviceName(t *testing.T) {
	const serial = "proc/device-tree/serial-number"
	eth := card("eth0", "0", "dc:a6:32:01:02:03")
	bridge := []string{"sys/class/net/br0/address", "dc:a6:32:99:99:99\n", "sys/class/net/br0/addr_assign_type", "0\n"}
	for _, c := range []struct {
		name  string
		facts []string
		want  string
	}{
		{"board", append([]string{serial, "10000000ABCDEF01\x00"}, eth...), "pad-10000000abcdef01"},
		{"blank serial", append([]string{serial, "0000000000000000\x00"}, eth...), "pad-dca632010203"},
		{"serial with spaces", append([]string{serial, "To be filled\x00"}, eth...), "pad-dca632010203"},
		{"card", eth, "pad-dca632010203"},
		{"bridge before card", append(bridge, eth...), "pad-dca632010203"},
		{"random address before card", append(card("a0", "1", "dc:a6:32:00:00:01"), eth...), "pad-dca632010203"},
		{"local address before card", append(card("a0", "0", "52:54:00:00:00:01"), eth...), "pad-dca632010203"},
		{"zero address", card("eth0", "0", "00:00:00:00:00:00"), ""},
		{"machine-id alone", []string{"etc/machine-id", "0123456789abcdef0123456789abcdef\n"}, ""},
	} {
		got, err := config.DeviceName(machine(t, c.facts...))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}
