package probing

import (
	"fmt"
	"slices"
)

// MostKeys is how many scores there are.
const MostKeys = 5

// usual are the scores of so many keys, best to worst, where neither profile nor person says otherwise.
var usual = map[int][]int{2: {4, 2}, 3: {4, 3, 2}, 4: {5, 4, 3, 2}, 5: {5, 4, 3, 2, 1}}

// Scores are the scores of keys that were pressed best to worst: the profile's own where it says the
// same order (own is true), else the usual ones for so many keys.
func Scores(keys []byte, profile map[byte]int) (scores []int, own bool) {
	for _, key := range keys {
		scores = append(scores, profile[key])
	}
	if len(keys) > 0 && CheckScores(scores, len(keys)) == nil {
		return scores, true
	}
	return slices.Clone(usual[len(keys)]), false
}

// CheckScores wants a score of its own for each of n keys, from best to worst.
func CheckScores(scores []int, n int) error {
	if len(scores) != n {
		return fmt.Errorf("%d scores for %d keys", len(scores), n)
	}
	for i, score := range scores {
		switch {
		case score < 1 || score > 5:
			return fmt.Errorf("score %d: a score is 1 to 5", score)
		case i > 0 && score == scores[i-1]:
			return fmt.Errorf("two keys for score %d", score)
		case i > 0 && score > scores[i-1]:
			return fmt.Errorf("score %d behind %d: the best key comes first", score, scores[i-1])
		}
	}
	return nil
}

// Map is keys and scores as a configuration has them, with every key in two digits of hexadecimal.
func Map(keys []byte, scores []int) map[string]int {
	m := map[string]int{}
	for i, key := range keys {
		m[fmt.Sprintf("%02X", key)] = scores[i]
	}
	return m
}

// Proof is a person pressing every key once, best to worst, before a map is believed.
type Proof struct {
	keys   []byte
	scores []int
	next   int
}

// NewProof makes a proof of keys and their scores, best first.
func NewProof(keys []byte, scores []int) *Proof { return &Proof{keys: keys, scores: scores} }

// Next is the score whose key is to be pressed; 0 once all have been.
func (p *Proof) Next() int {
	if p.next == len(p.scores) {
		return 0
	}
	return p.scores[p.next]
}

// Pressed is what a press of a proof was.
type Pressed int

// The kinds of presses in a proof.
const (
	Right    Pressed = iota // the key that was wanted
	Again                   // one that has been pressed already
	TooEarly                // one that comes later
	Unmapped                // none of them
)

// Press takes a key and tells its score, 0 for a key that has none. Only the right one counts.
func (p *Proof) Press(key byte) (what Pressed, score int) {
	at := slices.Index(p.keys, key)
	switch {
	case at < 0:
		return Unmapped, 0
	case at < p.next:
		return Again, p.scores[at]
	case at > p.next || p.next == len(p.keys):
		return TooEarly, p.scores[at]
	}
	p.next++
	return Right, p.scores[at]
}
