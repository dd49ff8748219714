package gpiokeys

// Exists says whether a chip of this machine has the line, without opening it: nil, ErrNoLine or
// ErrManyLines. A line that somebody else has open exists.
func Exists(name string) error {
	_, err := findKernel(name)
	return err
}
