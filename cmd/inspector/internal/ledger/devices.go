package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"evalpad/sync/wire"
)

// Report is what a box has said of itself, or its will of it.
type Report struct {
	Place     wire.Place
	State     wire.Presence
	Status    wire.Status
	Heartbeat *wire.Heartbeat // nil with a birth, a will or a farewell: the health told before stays
	Live      bool            // said just now: not retained, not a will
	At        time.Time
}

// Device is a box as headquarters knows it.
type Device struct {
	Device      string          `json:"device"`
	Region      string          `json:"region"`
	Branch      string          `json:"branch"`
	State       wire.Presence   `json:"state"`
	Since       wire.Instant    `json:"since"`    // of the state
	HeardAt     *wire.Instant   `json:"heard_at"` // last live word; null where there was none
	FirstSeenAt wire.Instant    `json:"first_seen_at"`
	Status      wire.Status     `json:"status"`
	Health      *wire.Heartbeat `json:"health,omitempty"`
	KID         wire.KID        `json:"kid"`
	Standing    KeyStanding     `json:"standing"`  // of the key in its status
	Incidents   int             `json:"incidents"` // open ones
}

// Report keeps what a box has said of itself.
func (l *Ledger) Report(ctx context.Context, r Report) error {
	return l.write(ctx, "report "+r.Place.Device, func(t tx) error {
		status, err := encode(r.Status)
		if err != nil {
			return err
		}
		var health *string
		if r.Heartbeat != nil {
			text, err := encode(r.Heartbeat)
			if err != nil {
				return err
			}
			health = &text
		}
		var heard *int64
		if r.Live {
			heard = new(millis(r.At))
		}
		return t.exec(ctx, `insert into devices (device, region, branch, state, key, status, health, first_seen_at, changed_at, heard_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
			on conflict (device) do update set region = excluded.region, branch = excluded.branch,
			changed_at = case when devices.state = excluded.state then devices.changed_at else excluded.changed_at end,
			state = excluded.state, key = excluded.key, status = excluded.status,
			health = coalesce(excluded.health, devices.health), heard_at = coalesce(excluded.heard_at, devices.heard_at)`,
			r.Place.Device, r.Place.Region, r.Place.Branch, string(r.State), r.Status.Key.String(), status, health, millis(r.At), heard)
	})
}

// CountDevices counts the boxes that have ever reported.
func (l *Ledger) CountDevices(ctx context.Context) (n int, err error) {
	if err := l.eyes.QueryRowContext(ctx, `select count(*) from devices`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count devices: %w", err)
	}
	return n, nil
}

const selectDevice = `select d.device, d.region, d.branch, d.state, d.changed_at, d.heard_at,
	d.first_seen_at, d.status, coalesce(d.health, ''), coalesce(k.kid, ''), coalesce(k.standing, ''),
	(select count(*) from incidents i where i.device = d.device and i.closed_at is null)
	from devices d left join keys k on k.device = d.device and k.key = d.key`

// Devices lists the boxes by region, branch and name.
func (l *Ledger) Devices(ctx context.Context) ([]Device, error) {
	list, err := scan(ctx, look{l.eyes}, scanDevice, selectDevice+` order by d.region, d.branch, d.device`)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return list, nil
}

// Dossier is everything that headquarters knows of one box.
type Dossier struct {
	Device
	Rules []InForce      `json:"rules"` // by counter; none where the box has never told
	Open  []Incident     `json:"open"`  // its open incidents, the latest first
	Lost  map[string]int `json:"lost"`  // presses that it has ever told of as refused, by reason
}

// Dossier returns what is known of a device, or ErrUnknown.
func (l *Ledger) Dossier(ctx context.Context, device string) (d Dossier, err error) {
	found, err := scan(ctx, look{l.eyes}, scanDevice, selectDevice+` where d.device = $1`, device)
	if err != nil {
		return d, fmt.Errorf("read device %.40q: %w", device, err)
	}
	if len(found) == 0 {
		return d, fmt.Errorf("read device %.40q: %w", device, ErrUnknown)
	}
	d.Device = found[0]
	rules, err := l.Rules(ctx, device)
	if err != nil {
		return d, err
	}
	open, err := scan(ctx, look{l.eyes}, scanIncident, selectIncident+` where closed_at is null and device = $1 order by last_at desc, id desc`, device)
	if err != nil {
		return d, fmt.Errorf("list incidents of %s: %w", device, err)
	}
	d.Rules, d.Open = append([]InForce{}, rules...), append([]Incident{}, open...)
	d.Lost, err = l.lost(ctx, device)
	return d, err
}

// lost sums the tallies of a device.
func (l *Ledger) lost(ctx context.Context, device string) (map[string]int, error) {
	tallies, err := scan(ctx, look{l.eyes}, scanTally, `select device, region, branch, counter, at, refused from tallies where device = $1`, device)
	if err != nil {
		return nil, fmt.Errorf("sum the tallies of %s: %w", device, err)
	}
	sum := map[string]int{}
	for _, t := range tallies {
		for reason, n := range t.Refused {
			sum[reason] += n
		}
	}
	return sum, nil
}

func scanDevice(rows *sql.Rows) (d Device, err error) {
	var since, first int64
	var heard sql.Null[int64]
	var status, health string
	if err := rows.Scan(&d.Device, &d.Region, &d.Branch, &d.State, &since, &heard, &first,
		&status, &health, &d.KID, &d.Standing, &d.Incidents); err != nil {
		return d, err
	}
	d.Since, d.FirstSeenAt = instant(since), instant(first)
	if heard.Valid {
		d.HeardAt = new(instant(heard.V))
	}
	if err := decode(status, &d.Status); err != nil || health == "" {
		return d, err
	}
	d.Health = new(wire.Heartbeat)
	return d, decode(health, d.Health)
}
