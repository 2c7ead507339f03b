package sizing_test

import (
	"testing"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

// TestSolve_replaysTheLog: a log that a law has made meets the doors much as the law does, and a log of days that
// come in bursts does not.
func TestSolve_replaysTheLog(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.layout = layoutOf(column(0, "A", repeated(locker.SizeS, 100)...), column(1, "B", repeated(locker.SizeXL, 100)...))
	var even, bursts []sizing.Delivery
	for i, a := range w.live().Arrivals {
		d := sizing.Delivery{Arrived: a.At, Collected: a.Ended, Size: a.Size, Carrier: a.Carrier, Unit: a.Unit}
		if i%3 == 0 {
			d.Size = "" // dealt out by the shares
		}
		even = append(even, d)
		// Every second week the parcels of Monday to Saturday all come on the Thursday.
		day := (int(d.Arrived.Weekday()) + 6) % 7
		if _, week := d.Arrived.ISOWeek(); week%2 == 0 && day < 6 {
			d.Arrived = d.Arrived.AddDate(0, 0, 3-day)
			d.Collected = d.Collected.AddDate(0, 0, 3-day)
			if a.Ended.IsZero() {
				d.Collected = a.Ended
			}
		}
		bursts = append(bursts, d)
	}
	p := sizing.Defaults()
	p.Demand.Units = 150
	p.Site.Reach.Required = false
	p, _, err := p.WithLog(even)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(log []sizing.Delivery) sizing.Replay {
		a, err := sizing.Solve(t.Context(), p, sizing.Options{Seed: 2, Quick: true, Brief: true, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		if a.Replay == nil {
			t.Fatal("nothing was replayed")
		}
		return *a.Replay
	}
	same := answer(even)
	if same.Block != 7 || same.Normal.Loss.Value > same.Law.Loss.Value+2 || same.Peak.Loss.Value <= same.Normal.Loss.Value {
		t.Errorf("the law's own log: %+v", same)
	}
	if worse := answer(bursts); worse.Normal.Loss.Value < same.Normal.Loss.Value+3 {
		t.Errorf("bursts lose %+v, even days %+v", worse.Normal.Loss, same.Normal.Loss)
	}
	if short := answer(even[:len(even)/3]); short.Block != 1 {
		t.Errorf("a short log is drawn in blocks of %d days", short.Block)
	}
	a, err := sizing.Solve(t.Context(), p, sizing.Options{Seed: 2, Quick: true, Brief: true})
	if err != nil || a.Replay != nil {
		t.Errorf("replayed without a log: %v", err)
	}
}
