package harness

import (
	"testing"
	"time"
)

// Eventually looks every 10 ms until a real process has come so far; then it returns how long that
// took. It fails the test after within. For what runs in this process, wait on the thing itself.
func Eventually(t testing.TB, within time.Duration, what string, so func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !so() {
		if time.Since(began) > within {
			t.Fatalf("within %s it did not come to: %s", within, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}
