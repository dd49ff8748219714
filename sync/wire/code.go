package wire

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// codeLetters holds none that is read as another one or as a digit, and no vowel that makes words.
const codeLetters = "23456789BCDFGHJKMNPQRTVWXYZ"

// Code is the short code of an evaluation, by which its customer can ask what became of it: eight
// characters in two groups, as 7KQM-X3RD. It says nothing about the score. Two evaluations of a bank's
// year may have the same one (27 to the power of 8 are there); whoever looks it up sees both.
func Code(evaluation string) string {
	hash := sha256.Sum256([]byte("evalpad/v1/code\x00" + evaluation))
	code := make([]byte, 0, 9)
	for i, b := range hash[:8] {
		if i == 4 {
			code = append(code, '-')
		}
		code = append(code, codeLetters[int(b)%len(codeLetters)])
	}
	return string(code)
}

// ReadCode reads a code as a person says it: in either case, with or without its hyphen or spaces.
func ReadCode(said string) (string, error) {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(said))
	if len(plain) != 8 || strings.Trim(plain, codeLetters) != "" {
		return "", fmt.Errorf("code %.20q: want eight of %s, as 7KQM-X3RD", said, codeLetters)
	}
	return plain[:4] + "-" + plain[4:], nil
}
