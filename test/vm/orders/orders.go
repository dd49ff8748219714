// Package orders is what the host of the rig asks of the program that runs first in its machine: the
// arguments and answers of that program's methods, called Box.NAME, in the JSON form of net/rpc over
// a virtio serial port.
package orders

import "time"

// Port is the name of the virtio serial port.
const Port = "evalpad.orders"

// Where things are in the machine. Etc holds the agent's configuration, Data is on the disk.
const (
	Agent  = "/bin/evalpad"
	Etc    = "/etc/evalpad"
	Config = Etc + "/evalpad.yaml"
	Data   = "/data"
)

// Nothing is the argument, or the answer, of a method that has none.
type Nothing struct{}

// File is to be written, mode 0600.
type File struct{ Path, Text string }

// Link is a symbolic link to be made.
type Link struct{ Target, Path string }

// Line is a GPIO line that another program has: its place on the chip /dev/gpiochip0.
type Line struct{ Offset int }

// Signal is one for the agent, as syscall.Signal.
type Signal struct{ Number int }

// Ended is how the agent left: its exit code, -1 if a signal ended it, and how long that took.
type Ended struct {
	Code int
	Took time.Duration
}

// Running is the agent: its process, and how often it has been started because it had ended by itself.
type Running struct {
	PID     int
	Revived int
}

// Output is what a run of the agent's program printed and its exit code.
type Output struct {
	Out, Err string
	Code     int
}
