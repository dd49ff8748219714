package link

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT, in milliseconds: include/uapi/linux/tcp.h, RFC 5482. Package
// syscall does not name it.
const tcpUserTimeout = 0x12

func setUserTimeout(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(userTimeout.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
