package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ReadPadOn is ReadPad with another root for /proc and /sys.
var ReadPadOn = readPad

// WithSerial is WriteSerial without a file.
var WithSerial = withSerial

// CommentsOf gives the lines of the comments that the YAML library itself finds in a text, sorted.
func CommentsOf(text string) (all []string) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		return nil
	}
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
			all = append(all, splitComment(c)...)
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(&n)
	slices.Sort(all)
	return all
}

func splitComment(c string) (lines []string) {
	for line := range strings.Lines(c) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// OnlyPadDiffers is the check between two texts.
func OnlyPadDiffers(before, after, counter string) bool {
	a, errA := parsed("a", []byte(before))
	b, errB := parsed("b", []byte(after))
	return errA == nil && errB == nil && onlyPadDiffers(a, b, counter)
}
