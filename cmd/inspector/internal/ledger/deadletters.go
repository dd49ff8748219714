package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"evalpad/sync/wire"
)

// Bounds of the dead letters: whoever can publish can send them.
const (
	maxDeadLetters = 10_000
	maxPayload     = wire.MaxMessage
)

// DeadLetter is a message that could not be believed.
type DeadLetter struct {
	N       int64        `json:"n"` // counts all that ever came
	Topic   string       `json:"topic"`
	Payload string       `json:"payload"` // its first 8 KiB
	Reason  string       `json:"reason"`
	At      wire.Instant `json:"at"`
}

// DeadLetter keeps a message that does not verify, with the reason. The latest 10,000 are kept.
func (l *Ledger) DeadLetter(ctx context.Context, topic string, payload []byte, reason string, now time.Time) error {
	return l.write(ctx, "keep dead letter", func(t tx) error { return t.deadLetter(ctx, topic, payload, reason, now) })
}

func (t tx) deadLetter(ctx context.Context, topic string, payload []byte, reason string, now time.Time) error {
	var n int64
	if err := t.row(ctx, `insert into dead_letters (n, topic, payload, reason, at)
		select coalesce(max(n), 0) + 1, $1, $2, $3, $4 from dead_letters returning n`,
		plain(topic), letterText(payload), plain(reason), millis(now)).Scan(&n); err != nil {
		return fmt.Errorf("keep dead letter: %w", err)
	}
	return t.exec(ctx, `delete from dead_letters where n <= $1`, n-maxDeadLetters)
}

// letterText shows any bytes as text.
func letterText(payload []byte) string {
	text := fmt.Sprintf("%+q", payload[:min(len(payload), maxPayload)])
	return text[1 : len(text)-1]
}

// DeadLetters returns the latest n dead letters, the latest first.
func (l *Ledger) DeadLetters(ctx context.Context, n int) ([]DeadLetter, error) {
	list, err := scan(ctx, look{l.eyes}, func(rows *sql.Rows) (d DeadLetter, err error) {
		var at int64
		err = rows.Scan(&d.N, &d.Topic, &d.Payload, &d.Reason, &at)
		d.At = instant(at)
		return d, err
	}, `select n, topic, payload, reason, at from dead_letters order by n desc limit $1`, n)
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	return list, nil
}
