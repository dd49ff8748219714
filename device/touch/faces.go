package touch

// face is one key. Mouth and Brows are SVG paths in a field of 100 by 100.
type face struct {
	Score int
	Mouth string
	Brows string
}

// faces stand in the order of the keys, the best on the left.
var faces = []face{
	{5, "M27 56 Q50 90 73 56 Q50 62 27 56 Z", ""},
	{4, "M30 61 Q50 80 70 61", ""},
	{3, "M32 66 L68 66", ""},
	{2, "M31 72 Q50 55 69 72", ""},
	{1, "M29 77 Q50 49 71 77", "M24 34 Q32 28 40 27 M76 34 Q68 28 60 27"},
}
