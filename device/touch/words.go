package touch

// both is one thing said in Chinese and in English; the page always shows both, one of them large.
type both struct{ ZH, EN string }

// level is one key. Mouth and Brows are SVG paths in a field of 100 by 100.
type level struct {
	Score int
	Words both
	Mouth string
	Brows string
}

// levels stand in the order of the keys, the best on the left.
var levels = []level{
	{5, both{"非常满意", "Very satisfied"}, "M27 56 Q50 90 73 56 Q50 62 27 56 Z", ""},
	{4, both{"满意", "Satisfied"}, "M30 61 Q50 80 70 61", ""},
	{3, both{"基本满意", "Fairly satisfied"}, "M32 66 L68 66", ""},
	{2, both{"不满意", "Dissatisfied"}, "M31 72 Q50 55 69 72", ""},
	{1, both{"非常不满意", "Very dissatisfied"}, "M29 77 Q50 49 71 77", "M24 34 Q32 28 40 27 M76 34 Q68 28 60 27"},
}

// question is what the page asks for a dimension. Gloss says in plain words what it means.
type question struct {
	Dimension string
	Words     both
	Gloss     both
}

// questions hold the words for every dimension; "" is whichever is asked, and the idle page.
var questions = []question{
	{"", both{"您对本次服务满意吗？", "Are you satisfied with our service?"}, both{"请按一个表情", "Please press one face"}},
	{"overall", both{"您对本次服务满意吗？", "Are you satisfied with our service?"}, both{"请按一个表情", "Please press one face"}},
	{"attitude", both{"您对服务态度满意吗？", "Are you satisfied with our manner?"}, both{"礼貌、耐心、讲得清楚", "polite, patient, clear"}},
	{"efficiency", both{"您对办理效率满意吗？", "Are you satisfied with our speed?"}, both{"等候和办理的时间", "the time it took"}},
	{"compliance", both{"您对合规性满意吗？", "Are you satisfied that we kept to the rules?"}, both{"按规定办理，费用和风险说明白", "fees and risks explained, nothing skipped"}},
}

// worded reports whether the page can ask for dimension.
func worded(dimension string) bool {
	for _, q := range questions {
		if q.Dimension == dimension {
			return true
		}
	}
	return false
}
