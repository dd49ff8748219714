package main

import (
	"fmt"
	"os"
	"strings"
)

// tongue is the language of what a technician reads on the screen; the files that are kept are English.
type tongue struct{ chinese bool }

// ourTongue is Chinese where the locale's messages are (LC_ALL, LC_MESSAGES, LANG: the first that is set).
func ourTongue() tongue {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := os.Getenv(name); locale != "" {
			return tongue{strings.HasPrefix(locale, "zh")}
		}
	}
	return tongue{}
}

// say picks one of two ways to say the same. The values stand in the same order in both.
func (t tongue) say(english, chinese string, values ...any) string {
	if t.chinese {
		return fmt.Sprintf(chinese, values...)
	}
	return fmt.Sprintf(english, values...)
}

// levels are the words that stand on keys, by score.
var levels = map[int][2]string{
	5: {"very satisfied", "非常满意"}, 4: {"satisfied", "满意"}, 3: {"fairly satisfied", "基本满意"},
	2: {"dissatisfied", "不满意"}, 1: {"very dissatisfied", "非常不满意"},
}

// level is a score in words, always with the Chinese that is printed on the pad.
func (t tongue) level(score int) string {
	if t.chinese {
		return fmt.Sprintf("%d %s", score, levels[score][1])
	}
	return fmt.Sprintf("%d %s (%s)", score, levels[score][0], levels[score][1])
}
