//go:build !linux

package link

import "syscall"

// setUserTimeout does nothing where TCP_USER_TIMEOUT does not exist: writes and silence are still
// bounded by the line.
func setUserTimeout(string, string, syscall.RawConn) error { return nil }
