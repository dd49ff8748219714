package board

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"evalpad/cmd/inspector/internal/casebook"
	"evalpad/cmd/inspector/internal/ledger"
	"evalpad/sync/wire"
)

// page renders one of the templates with the open cases.
func (b *board) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list, err := b.cases(r, ledger.Filter{})
		if err != nil {
			b.Log.Error("page not shown", "page", name, "error", err)
			http.Error(w, "总部数据库无响应 · headquarters' store does not answer", http.StatusInternalServerError)
			return
		}
		var out bytes.Buffer
		if err := b.pages.ExecuteTemplate(&out, name, list); err != nil {
			b.Log.Error("page not shown", "page", name, "error", err)
			http.Error(w, "page not shown", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = out.WriteTo(w) // the reader has gone: nobody to tell
	}
}

// words are what the templates say in the bank's language.
func (b *board) words() template.FuncMap {
	return template.FuncMap{
		"score":     func(s wire.Score) string { return levels[s] },
		"dimension": func(d wire.Dimension) string { return dimensions[d] },
		"state":     func(s casebook.State) string { return states[s] },
		"deadline":  func(c casebook.Case) wire.Instant { return pending(c) },
		"promise":   func(c casebook.Case) string { _, d := c.Remaining(b.Now()); return promises[d] },
		"left":      func(c casebook.Case) string { d, _ := c.Remaining(b.Now()); return left(d) },
		"overdue":   func(c casebook.Case) bool { d, name := c.Remaining(b.Now()); return name != "" && d <= 0 },
		"millis":    func(i wire.Instant) int64 { return i.UnixMilli() },
		"local":     func(i wire.Instant) string { return i.In(time.Local).Format("01-02 15:04:05") },
		"lag":       func(ms int64) string { return (time.Duration(ms) * time.Millisecond).Round(time.Second).String() },
		"asked":     asked,
	}
}

var levels = map[wire.Score]string{
	5: "非常满意 very satisfied", 4: "满意 satisfied", 3: "基本满意 fairly satisfied",
	2: "不满意 dissatisfied", 1: "非常不满意 very dissatisfied",
}

var dimensions = map[wire.Dimension]string{
	wire.Overall: "总体 overall", wire.Attitude: "服务态度 attitude",
	wire.Efficiency: "效率 efficiency", wire.Compliance: "合规性 compliance",
}

// asked lists the dimensions that have a score, in the order in which a pad asks them.
func asked(scores map[wire.Dimension]wire.Score) (list []wire.Dimension) {
	for _, d := range []wire.Dimension{wire.Overall, wire.Attitude, wire.Efficiency, wire.Compliance} {
		if _, scored := scores[d]; scored {
			list = append(list, d)
		}
	}
	return list
}

var states = map[casebook.State]string{
	casebook.StateOpen: "待核查 open", casebook.StateInvestigating: "核查中 investigating",
	casebook.StatePlanned: "已报方案 planned", casebook.StateDone: "已整改 done",
	casebook.StateVerified: "已验证 verified", casebook.StateClosed: "已结案 closed",
}

var promises = map[casebook.Deadline]string{
	casebook.DeadlineInvestigate: "原因核查 investigation", casebook.DeadlinePlan: "整改方案 plan",
	casebook.DeadlineDeskInvestigate: "原因核查 investigation (desk)", casebook.DeadlineDeskPlan: "整改方案 plan (desk)",
	"": "—",
}

// pending is the deadline that the page counts down to; zero where all is done.
func pending(c casebook.Case) wire.Instant {
	at, _ := c.Pending()
	return wire.Instant{Time: at}
}

// left writes a duration as the page's script does, so that the first paint does not jump.
func left(d time.Duration) string {
	sign := "剩 "
	if d <= 0 {
		sign, d = "逾期 ", -d
	}
	s := int(d / time.Second)
	return fmt.Sprintf("%s%d:%02d:%02d", sign, s/3600, s/60%60, s%60)
}
