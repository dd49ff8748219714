package hidkeys

// Codes are the keys' codes by name.
func Codes() map[string]uint16 { return codes }

// OpenEvdev opens one of the kernel's.
func OpenEvdev(port string) (Keypad, error) { return openEvdev(port) }
