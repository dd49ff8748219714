package hidkeys

// OpenEvdev opens one of the kernel's.
func OpenEvdev(port string) (Keypad, error) { return openEvdev(port) }
