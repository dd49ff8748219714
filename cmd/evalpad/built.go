package main

import (
	"runtime/debug"
	"time"
)

// built is the time of the commit that this program was built from, which makes the same program of
// the same source; zero where it was built outside the repository.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	return commitTime(info.Settings)
}

func commitTime(settings []debug.BuildSetting) time.Time {
	for _, s := range settings {
		if s.Key == "vcs.time" {
			at, _ := time.Parse(time.RFC3339, s.Value) // zero, if it is another form
			return at
		}
	}
	return time.Time{}
}
