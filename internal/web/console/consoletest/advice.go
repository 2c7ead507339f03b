package consoletest

import (
	"context"
	"math"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/refit"
)

// Advise answers with the advice of the sample. The room has no doors.
func (f *Fake) Advise(_ context.Context, _ cloud.Principal, site locker.SiteID) (sizing.Advice, error) {
	if err := f.read("Advise"); err != nil {
		return sizing.Advice{}, err
	}
	if site == "room" {
		return sizing.Advice{}, refit.ErrNoDoors
	}
	a := sizing.Advice{
		Name: "Harbour House", Currency: "USD", Doors: 45, Helps: true, Best: sizing.OtherMix, Seed: 1, Record: sizing.Record{
			From: "2026-01-05", To: "2026-03-01", Days: 56, Parcels: 1604, InDoors: 1491, Outside: 71, Refused: 42, Waiting: 17, Removed: 9,
			Weekly:   sizing.Figure{Low: 188, Mid: 200, High: 213, Unit: "parcels per week", Source: "the site's record"},
			Observed: sizing.Interval{Value: 7, Low: 5.9, High: 8.4, Unit: ofParcels}, Median: 17.4, Hold: 3, HoldKept: true,
		},
		Work: sizing.Work{Simulated: 15, SimulatedYears: 150, Events: 4_212_009},
		Rests: []sizing.Basis{
			{Key: "demand.rate", Value: "1.33 (1.25 to 1.42)", Unit: "parcels per unit and week", Source: "the site's record: 1604 parcels on 56 days"},
			{Key: "demand.peak_factor", Value: "1.81 (1.5 to 1.83)", Unit: "times the normal week", Source: "published figures"},
		},
	}
	for i, size := range locker.Sizes() {
		a.Record.Sizes = append(a.Record.Sizes, sizing.SizeShare{
			Size: size, Doors: []int{12, 12, 9, 12}[i], Parcels: []int{722, 561, 240, 81}[i], Lost: []int{84, 25, 4, 0}[i],
		})
	}
	price := sizing.Figure{Low: 1575, Mid: 2800, High: 6250, Unit: "USD", Source: "a column of the catalogue", Assumed: true}
	staff := sizing.Figure{Low: -3120, Mid: -980, High: -280, Unit: "USD per year", Source: "minutes per parcel", Assumed: true}
	column := func(size locker.Size, n int) []sizing.DoorCount { return []sizing.DoorCount{{Size: size, Doors: n}} }
	a.Remedies = []sizing.Remedy{
		remedy(sizing.AsItIs, sizing.VerdictBasis, 7.2, 0), remedy(sizing.OtherMix, sizing.VerdictHelps, 1.1, 12.4),
		remedy(sizing.ShorterHold, sizing.VerdictPeak, 6.9, 0.6), remedy(sizing.LongerHold, sizing.VerdictNothing, 7.4, -0.4),
		remedy(sizing.ExtraColumn, sizing.VerdictHelps, 1.9, 10.6),
	}
	a.Remedies[1].Columns = []sizing.ColumnChange{{Columns: 2, From: column(locker.SizeXL, 2), To: column(locker.SizeS, 12)}}
	a.Remedies[4].Columns = []sizing.ColumnChange{{Columns: 1, To: column(locker.SizeS, 12)}}
	for i := range a.Remedies {
		r := &a.Remedies[i]
		if len(r.Columns) > 0 {
			r.Price, r.Staff = &price, &staff
		}
		codes := map[sizing.Verdict]string{
			sizing.VerdictHelps: "advice_helps", sizing.VerdictPeak: "advice_peak_only", sizing.VerdictNothing: "advice_nothing",
		}
		if i > 0 {
			a.Findings = append(a.Findings, sizing.Reason{
				Code: codes[r.Verdict], Words: []string{r.Code.String()}, Figures: []sizing.Figure{r.Normal.Saved.Figure()},
			})
		}
	}
	a.Warnings = []sizing.Reason{{
		Code: "advice_gap", Words: []string{"2026-02-03", "2026-02-06"}, Figures: []sizing.Figure{{Low: 4, Mid: 4, High: 4, Unit: "days"}},
	}}
	return a, nil
}

const ofParcels = "% of the parcels"

func remedy(code sizing.RemedyCode, v sizing.Verdict, loss, saved float64) sizing.Remedy {
	around := func(v, by float64, unit string) sizing.Interval {
		return sizing.Interval{Value: v, Low: v - by, High: v + by, Unit: unit}
	}
	r := sizing.Remedy{Code: code, Verdict: v, Hold: 3}
	switch code {
	case sizing.ShorterHold:
		r.Hold = 2
	case sizing.LongerHold:
		r.Hold = 4
	case sizing.AsItIs, sizing.OtherMix, sizing.KeptHold, sizing.ExtraColumn:
	}
	const peak = 3
	r.Normal = sizing.RemedyWeek{
		Loss: around(loss, loss/4, ofParcels), Saved: around(saved, math.Abs(saved)/6, "parcels per week"), TakenOut: around(2.1, 0.3, "parcels per week"),
	}
	r.Peak = sizing.RemedyWeek{
		Loss: around(loss*peak, loss, ofParcels), Saved: around(saved*peak, math.Abs(saved), "parcels per week"), TakenOut: around(3.4, 0.6, "parcels per week"),
	}
	for _, size := range locker.Sizes() {
		r.Normal.Classes = append(r.Normal.Classes, sizing.ClassService{Size: size, Loss: around(loss, loss/5, "% of the parcels of the size")})
	}
	return r
}
