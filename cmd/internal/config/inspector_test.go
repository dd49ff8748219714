package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"evalpad/cmd/internal/config"
)

// TestWhoseBoxesMayCome reads what is refused nowhere: only a built-in broker that others can reach
// has to know its boxes.
func TestWhoseBoxesMayCome(t *testing.T) {
	for _, text := range []string{
		`broker: {listen: "0.0.0.0:8883", tls: {cert: c.pem, key: k.pem, client_ca: boxes.pem}}`,
		`broker: {listen: "127.0.0.1:8883", tls: {cert: c.pem, key: k.pem}}`,
		`broker: {tls: {cert: c.pem, key: k.pem}}`,
		`broker: {url: "mqtts://mqtt.bank.example"}`,
	} {
		file := filepath.Join(t.TempDir(), "inspector.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.ReadInspector(file); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
