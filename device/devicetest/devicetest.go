// Package devicetest holds pads that are not there, and the contract that every driver keeps.
//
// A fake here speaks to the real driver through what the kernel offers in place of the hardware (a
// pseudo-terminal for a serial line), so that nothing in a driver knows of its test. The fakes take
// no testing.T where they do their work: a program may plug one in as well.
//
// What a fake knows of a protocol it says anew, in bytes of its own. It shares no code with the
// driver, so that one mistake cannot be made on both sides and pass.
package devicetest
