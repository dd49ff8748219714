package link_test

import (
	"strings"
	"testing"

	"evalpad/sync/link"
)

func TestParseBroker(t *testing.T) {
	for url, want := range map[string]string{
		"mqtt://hq.example":            "mqtt://hq.example:1883",
		"mqtt://hq.example:1884/":      "mqtt://hq.example:1884",
		"mqtts://hq.example":           "mqtts://hq.example:8883",
		"tcp://127.0.0.1:1883":         "mqtt://127.0.0.1:1883",
		"ssl://[::1]:8884":             "mqtts://[::1]:8884",
		"MQTTS://hq.example":           "mqtts://hq.example:8883",
		"mqtts://pad:secret@hq:8883":   "mqtts://hq:8883",
		"mqtt://hq.example:65535":      "mqtt://hq.example:65535",
		"mqtt://xn--fiqs8s.example:99": "mqtt://xn--fiqs8s.example:99",
	} {
		b, err := link.ParseBroker(url)
		if err != nil || b.String() != want {
			t.Errorf("%s: got %v, %v, want %s", url, b, err, want)
		}
	}
}

func TestParseBrokerSaysWhatIsWrong(t *testing.T) {
	for url, want := range map[string]string{
		"":                            "want mqtt://host:1883",
		"hq.example:8883":             "want mqtt://host:1883",
		"http://hq.example":           `scheme "http" is not MQTT`,
		"ws://hq.example:9001":        `scheme "ws" is not MQTT`,
		"mqtt://":                     "no host",
		"mqtt://:1883":                "no host",
		"mqtt://hq:0":                 "port 0: want 1 to 65535",
		"mqtt://hq:65536":             "port 65536: want 1 to 65535",
		"mqtt://hq:mqtt":              "invalid port",
		"mqtt://hq/evalpad":           "nothing may follow the port",
		"mqtt://hq?clean=1":           "nothing may follow the port",
		"mqtt://hq:1883:1884":         "want mqtt://host:1883",
		"mqtt://pad:secret@hq/x":      "nothing may follow the port",
		"mqtt://pad:secret@hq:a":      "invalid port",
		"http://pad:secret@hq":        "not MQTT",
		"pad:secret@hq:1883":          "want mqtt://host:1883",
		"mqtt://pad:secret@hq\x7f:18": "want mqtt://host:1883",
	} {
		b, err := link.ParseBroker(url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %q", url, b, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error gives the password away: %v", url, err)
		}
	}
}
