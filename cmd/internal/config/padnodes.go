package config

import "go.yaml.in/yaml/v4"

// counterNode finds the map of a counter, nil where there is none.
func counterNode(top *yaml.Node, counter string) *yaml.Node {
	_, list := pairOf(top, "counters")
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	for _, at := range list.Content {
		if _, name := pairOf(at, "counter"); name != nil && name.Value == counter {
			return at
		}
	}
	return nil
}

// pairOf finds a key of a map and its value.
func pairOf(n *yaml.Node, key string) (name, value *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// onlyPadDiffers compares two files without the pad of one counter.
func onlyPadDiffers(a, b *yaml.Node, counter string) bool {
	return sameNode(a, b, counterNode(a, counter), counterNode(b, counter))
}

func sameNode(a, b, without, either *yaml.Node) bool {
	x, y := a.Content, b.Content
	if a == without && b == either {
		x, y = padlessPairs(a), padlessPairs(b)
	}
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || len(x) != len(y) {
		return false
	}
	for i := range x {
		if !sameNode(x[i], y[i], without, either) {
			return false
		}
	}
	return true
}

func padlessPairs(n *yaml.Node) (left []*yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "pad" {
			left = append(left, n.Content[i], n.Content[i+1])
		}
	}
	return left
}
