package counterdesk_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"evalpad/device"
	"evalpad/sync/wire"
)

// TestPromptIsInTheRecord follows what a program says into the evaluation.
func TestPromptIsInTheRecord(t *testing.T) {
	b := openBox(t)
	b.send("POST", at+"teller", `{"teller": "1007"}`).want(t, 200, `{"counter":"c03","teller":"1007","answer":"logged-in"}`)
	b.send("POST", at+"prompt", `{"ticket": "A12", "by": "queue 3", "service": "priority"}`).want(t, 200, `{"counter":"c03","ticket":"A12","answer":"asked"}`)
	b.keys.press(4)
	b.send("POST", at+"prompt", "").want(t, 200, `{"counter":"c03","answer":"asked"}`)
	b.send("POST", at+"cancel", "").want(t, 200, "")
	b.send("DELETE", at+"teller", "").want(t, 200, "")
	b.send("POST", at+"unasked", `{"ticket": "A13"}`).want(t, 200, `{"counter":"c03","ticket":"A13","answer":"noted"}`)
	var got []string
	for _, e := range b.disk.ended() {
		got = append(got, fmt.Sprintf("%s %q %q %q %q %t", e.Outcome, e.Ticket, e.PromptBy, e.Service, e.Teller, e.Prompted))
	}
	want := []string{
		`rated "A12" "queue 3" "priority" "1007" true`,
		`not-rated "" "counter program" "" "1007" true`,
		`not-prompted "A13" "counter program" "" "" false`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTicketIsAskedOnce sends each word again, as a program does that has heard no answer.
func TestTicketIsAskedOnce(t *testing.T) {
	b := openBox(t)
	const asked = `{"counter":"c03","ticket":"A12","answer":"asked"}`
	for range 3 {
		b.send("POST", at+"prompt", `{"ticket": "A12"}`).want(t, 200, asked)
	}
	b.keys.press(2)
	for range 2 {
		done := b.send("POST", at+"prompt", `{"ticket": "A12"}`)
		done.want(t, http.StatusConflict, "")
		if done.member(t, "error") != "ticket-done" || !strings.Contains(done.text, "this transaction is over") {
			t.Errorf("got %s", done.text)
		}
	}
	b.send("POST", at+"unasked", `{"ticket": "A12"}`).want(t, http.StatusConflict, "")
	for range 3 {
		b.send("POST", at+"unasked", `{"ticket": "A13"}`).want(t, 200, "")
	}
	b.send("POST", at+"prompt", `{"ticket": "A13"}`).want(t, http.StatusConflict, "")
	if ended := b.disk.ended(); len(ended) != 2 {
		t.Errorf("%d records, want one a ticket: %+v", len(ended), ended)
	}
}

// TestNothingTellsTheScore plays one customer after the other and compares all that a teller's program
// hears, to the byte: after a 1, after a 5, and where it can be, after silence.
func TestNothingTellsTheScore(t *testing.T) {
	var heard [][]string
	for _, score := range []int{1, 2, 3, 4, 5} {
		b := openBox(t)
		var all []string
		hear := func(a answer) {
			text, _, _ := strings.Cut(a.text, `,"asking_ms"`) // the moment is another
			a.header.Del("Date")
			all = append(all, fmt.Sprint(a.status, text, len(a.header), a.header.Get("Retry-After")))
		}
		look := func() { hear(b.send("GET", at+"state", "")) }
		look()
		hear(b.send("POST", at+"prompt", `{"ticket": "A12"}`))
		look()
		b.keys.press(score)
		look()
		hear(b.send("POST", at+"prompt", `{"ticket": "A12"}`))
		hear(b.send("POST", at+"unasked", `{"ticket": "A12"}`))
		hear(b.send("POST", at+"cancel", ""))
		b.keys.press(6 - score) // amends
		look()
		hear(b.send("POST", at+"prompt", `{"ticket": "A13"}`))
		look()
		heard = append(heard, all)
		if len(b.disk.ended()) < 2 {
			t.Fatalf("%d: the presses are not in the store", score)
		}
	}
	for i, all := range heard {
		if diff := cmp.Diff(heard[0], all); diff != "" {
			t.Errorf("a teller's program hears a difference between 1 and %d:\n%s", i+1, diff)
		}
	}
	for _, line := range heard[0] {
		for _, word := range []string{"score", "rated", "satisf", "flag", "outcome", "levels"} {
			if strings.Contains(line, word) {
				t.Errorf("%q in %s", word, line)
			}
		}
	}
}

func TestState(t *testing.T) {
	b := openBox(t)
	b.send("GET", at+"state", "").want(t, 200, `{"counter":"c03","state":"idle"}`)
	b.send("POST", at+"prompt", "{}").want(t, 200, "")
	time.Sleep(20 * time.Millisecond)
	asking := b.send("GET", at+"state", "")
	if ms, _ := asking.member(t, "asking_ms").(float64); asking.member(t, "state") != "asking" || ms < 20 || ms > 10_000 {
		t.Errorf("got %s", asking.text)
	}
	if since, err := time.Parse(time.RFC3339, fmt.Sprint(asking.member(t, "since"))); err != nil || time.Since(since) > time.Minute {
		t.Errorf("since %v, %v", since, err)
	}
	b.keys.said <- device.Signal{Kind: device.Lost, Reason: "unplugged"}
	b.keys.said <- device.Signal{Kind: device.Refused} // the desk has taken what came before it
	b.send("GET", at+"state", "").want(t, 200, `{"counter":"c03","state":"pad-lost"}`)
	lost := b.send("POST", at+"prompt", "{}")
	if lost.want(t, 503, ""); lost.member(t, "error") != "pad-lost" {
		t.Errorf("got %s", lost.text)
	}
	b.keys.say(device.Signal{Kind: device.Back})
	b.disk.set(errFull, 0)
	full := b.send("POST", at+"prompt", "{}")
	if full.want(t, 503, ""); full.member(t, "error") != "store-fault" || strings.Contains(full.text, errFull.Error()) {
		t.Errorf("got %s", full.text)
	}
	b.send("GET", at+"state", "").want(t, 200, `{"counter":"c03","state":"fault"}`)
	b.disk.set(nil, 0)
	b.send("POST", at+"prompt", "{}").want(t, 200, "")
	b.stopDesk()
	gone := b.send("GET", at+"state", "")
	if gone.want(t, 503, ""); gone.member(t, "error") != "leaving" {
		t.Errorf("got %s", gone.text)
	}
}

// TestBusyDiskIsSaid answers in time although a card does not, and the prompt is one all the same.
func TestBusyDiskIsSaid(t *testing.T) {
	b := openBox(t)
	b.disk.set(nil, 6*time.Second)
	began := time.Now()
	busy := b.send("POST", at+"prompt", `{"ticket": "A12"}`)
	if busy.want(t, 503, ""); busy.member(t, "error") != "busy" || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %s", time.Since(began), busy.text)
	}
	b.disk.set(nil, 0)
	b.send("POST", at+"prompt", `{"ticket": "A12"}`).want(t, 200, "")
	b.keys.press(5)
	if ended := b.disk.ended(); len(ended) != 1 || !ended[0].Prompted {
		t.Errorf("want the one prompt: %+v", ended)
	}
}

func TestBadBodies(t *testing.T) {
	b := openBox(t)
	for _, c := range []struct{ what, body, field, words string }{
		{"prompt", `{"ticket": 12}`, "ticket", "write a text in quotes"},
		{"prompt", `{"ticket": null}`, "ticket", "write a text in quotes"},
		{"prompt", `{"ticket": ""}`, "ticket", "write 1 to 64 bytes"},
		{"prompt", `{"ticket": "` + strings.Repeat("票", 22) + `"}`, "ticket", "write 1 to 64 bytes"}, // 66 bytes
		{"prompt", `{"ticket": "A\n12"}`, "ticket", "without control characters"},
		{"prompt", `{"service": "elderly"}`, "service", "write ordinary or priority"},
		{"prompt", `{"by": "headquarters"}`, "by", "that name is another's"},
		{"prompt", `{"by": "caller keypad"}`, "by", "that name is another's"},
		{"prompt", `{"ticet": "A12"}`, "ticet", "write ticket, by, service"},
		{"prompt", `{"score": "5"}`, "score", "not a member"},
		{"unasked", `{}`, "ticket", "it is missing"},
		{"unasked", ``, "ticket", "it is missing"},
		{"teller", `{"teller": "` + strings.Repeat("1", 65) + `"}`, "teller", "write 1 to 64 bytes"},
		{"cancel", `{"ticket": "A12"}`, "ticket", "nothing in it"},
		{"prompt", `[]`, "", "no JSON object"},
		{"prompt", `null`, "", "no JSON object"},
		{"prompt", `{"ticket": "A12"`, "", "no JSON object"},
		{"prompt", `{"ticket": "A12"} {}`, "", "no JSON object"},
		{"prompt", strings.Repeat(`[`, 4000), "", "no JSON object"},
	} {
		a := b.send("POST", at+c.what, c.body)
		a.want(t, http.StatusBadRequest, "")
		field, _ := a.member(t, "field").(string)
		if words, _ := a.member(t, "words").(string); field != c.field || !strings.Contains(words, c.words) {
			t.Errorf("%s %s: got %s, want field %q and %q", c.what, c.body, a.text, c.field, c.words)
		}
	}
	if ended := b.disk.ended(); len(ended) != 0 {
		t.Errorf("a request that was refused has left records: %+v", ended)
	}
	long := strings.Repeat("票", 21)
	b.send("POST", at+"prompt", `{"ticket": "`+long+`"}`).want(t, 200, "")
}

// TestManyPromptsAtOnce sends a hundred prompts over few connections. Each is asked, or told to wait; every
// evaluation that was opened ends once, and one is open.
func TestManyPromptsAtOnce(t *testing.T) {
	b := newBox(t)
	b.open()
	b.client.Transport.(*http.Transport).MaxConnsPerHost = 8
	var all sync.WaitGroup
	statuses := make(chan int, 100)
	for i := range 100 {
		all.Go(func() {
			a, err := b.sendAs(b.client, secret, "POST", at+"prompt", fmt.Sprintf(`{"ticket": "A%d"}`, i))
			if err != nil {
				t.Error(err)
				return
			}
			statuses <- a.status
		})
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for s := range statuses {
		count[s]++
	}
	ended := b.disk.ended()
	if count[200] < 40 || count[200]+count[429] != 100 || len(ended) != count[200]-1 {
		t.Errorf("answers %v, %d evaluations ended; want at least 40 asked, the rest told to wait, and all but the last ended", count, len(ended))
	}
	tickets := map[string]bool{}
	for _, e := range ended {
		if tickets[e.Ticket] || e.Outcome != wire.NotRated || !slices.Equal(e.Flags, []string{wire.FlagReprompted}) {
			t.Errorf("got %+v", e)
		}
		tickets[e.Ticket] = true
	}
	time.Sleep(1100 * time.Millisecond)
	b.send("GET", at+"state", "").want(t, 200, "") // and it is well
}

// TestSameTicketAtOnce is one impatient program.
func TestSameTicketAtOnce(t *testing.T) {
	b := openBox(t)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			if a, err := b.sendAs(b.client, secret, "POST", at+"prompt", `{"ticket": "A12"}`); err != nil || a.status != 200 {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
	all.Wait()
	b.keys.press(3)
	if ended := b.disk.ended(); len(ended) != 1 {
		t.Errorf("%d evaluations, want one", len(ended))
	}
}
