package gpiokeys

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is lines whose edges and levels are written down.
type script struct {
	edges  []int // -1 is none in time
	levels []uint64
}

func (s *script) Wait(time.Duration) (line int, found bool, err error) {
	line, s.edges = s.edges[0], s.edges[1:]
	return line, line >= 0, nil
}

func (s *script) Read() (high uint64, err error) {
	high, s.levels = s.levels[0], s.levels[1:]
	return high, nil
}

func (s *script) Close() error { return nil }

// told is a report without what is the same in all.
type told struct{ of, high, moved uint64 } // high: of those that are told

// TestAnEdgeFoundLateIsNoQuietReading looks at lines A, B and C after an edge of A, while others wait
// in the queue: what is not known of a line is not told.
func TestAnEdgeFoundLateIsNoQuietReading(t *testing.T) {
	const a, b, c = 1, 2, 4
	for _, try := range []struct {
		name string
		was  uint64
		script
		want []told
	}{
		{"nobody else moved: B and C stood still", b, script{[]int{-1}, []uint64{a | b}}, []told{{a | b | c, a | b, a}}},
		{"B moved and stands as it did: when is not known", b, script{[]int{1, 1, -1}, []uint64{a | b, a | b}},
			[]told{{a | c, a, a}, {b, b, b}}},
		{"B moved and stands otherwise: it moved before", 0, script{[]int{1, -1}, []uint64{a | b, a}},
			[]told{{a | b | c, a | b, a | b}, {b, 0, b}}},
		{"A moved again", 0, script{[]int{0, -1}, []uint64{a, 0}}, []told{{a | b | c, a, a}, {a, 0, a}}},
	} {
		reports := make(chan report, 9)
		k := keeper{Keys: &Keys{options: Options{Log: slog.New(slog.DiscardHandler), Uptime: func() time.Duration { return 0 }}},
			keys: []int{0, 1, 2}, reports: reports}
		w := watch{keeper: k, lines: &try.script, was: try.was}
		late, full, err := w.look(context.Background(), 0, a)
		if err == nil && late != 0 {
			err = w.lookAgain(context.Background(), 0, late)
		}
		if err != nil || full {
			t.Errorf("%s: full %v, %v", try.name, full, err)
		}
		close(reports)
		var got []told
		for r := range reports {
			got = append(got, told{r.of & (a | b | c), r.high & r.of, r.moved})
		}
		if diff := cmp.Diff(try.want, got, cmp.AllowUnexported(told{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", try.name, diff)
		}
	}
}
