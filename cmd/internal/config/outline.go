package config

// Outline is what an evalpad.yaml says of where things are, whatever is wrong with it elsewhere: a
// technician looks for a pad before the file is right.
type Outline struct {
	DataDir  string   // absolute; default /var/lib/evalpad
	Profiles string   // absolute path of the branch's own pad profiles, or ""
	Counters []string // their names, in the order of the file
}

// ReadOutline reads what can be read. The error is Faults where the file is no YAML or no map, and else
// the operating system's; the Outline then says the defaults.
func ReadOutline(path string) (Outline, error) {
	p := DefaultPad()
	_, err := read(path, padShape(&p))
	o := Outline{DataDir: p.DataDir, Profiles: p.Profiles}
	for _, c := range p.Counters {
		if c.Counter != "" {
			o.Counters = append(o.Counters, c.Counter)
		}
	}
	return o, err
}
