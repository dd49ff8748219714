package config_test

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"evalpad/cmd/internal/config"
)

func TestCounterDesk(t *testing.T) {
	const rest = "counters: [{counter: c01}]\n"
	for _, c := range []struct {
		name, text string
		want       *config.CounterDesk
	}{
		{"off", "", nil},
		{
			"on", "counter_desk: {listen: 192.168.1.20:8443, tls: {cert: /desk.pem, key: /desk.key}, allow: [192.168.1.31, 192.168.1.0/28], token_file: /desk.token}\n",
			&config.CounterDesk{
				Listen: "192.168.1.20:8443", TLS: &config.TLS{Cert: "/desk.pem", Key: "/desk.key"},
				Allow: prefixes("192.168.1.31/32", "192.168.1.0/28"), TokenFile: "/desk.token",
			},
		},
		{
			"on this machine, in the clear", `counter_desk: {listen: "[::1]:0", allow: ["::1", 2001:db8::/48], token_file: /t}` + "\n",
			&config.CounterDesk{Listen: "[::1]:0", Allow: prefixes("::1/128", "2001:db8::/48"), TokenFile: "/t"},
		},
	} {
		pad, err := readText(t, c.text+rest)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, pad.CounterDesk, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestCounterDeskFilesAreBesideTheFile holds that a relative path starts at the file's folder.
func TestCounterDeskFilesAreBesideTheFile(t *testing.T) {
	pad, err := readText(t, "counter_desk: {listen: localhost:0, allow: [127.0.0.1], token_file: desk.token}\ncounters: [{counter: c}]\n")
	if err != nil {
		t.Fatal(err)
	}
	if f := pad.CounterDesk.TokenFile; !filepath.IsAbs(f) || filepath.Base(f) != "desk.token" {
		t.Errorf("token file %s, want the one beside the configuration", f)
	}
}

func prefixes(all ...string) (p []netip.Prefix) {
	for _, text := range all {
		p = append(p, netip.MustParsePrefix(text))
	}
	return p
}
