package api

import (
	"context"
	"errors"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/refit"
)

// Adviser says whether other doors would help a site; see cloud/replan.
type Adviser func(ctx context.Context, p cloud.Principal, site locker.SiteID) (sizing.Advice, error)

// Advice says whether other doors, another hold or one more column would help a site.
type Advice struct {
	Helps    bool              `json:"helps" doc:"Something would help noticeably."`
	Best     sizing.RemedyCode `json:"best" enum:"as_is,mix,shorter_hold,longer_hold,kept_hold,extra_column" doc:"What saves most; as_is: nothing helps."`
	From     string            `json:"from" doc:"First day of the record that counts." example:"2026-01-05"`
	To       string            `json:"to" doc:"Last day of the record that counts." example:"2026-03-01"`
	Days     int               `json:"days" doc:"Whole days that count; gaps are left out."`
	Parcels  int               `json:"parcels" doc:"Parcels that came on them."`
	NoDoor   int               `json:"no_door" doc:"Of these, those that found no door: on shelves, at the desk, or taken away again."`
	PerWeek  Range             `json:"parcels_per_week" doc:"Demand, with its 95 % interval."`
	Remedies []Remedy          `json:"remedies" doc:"What was tried; the first is the site as it is."`
	Warnings []string          `json:"warnings" doc:"What makes the advice less certain, in English."`
}

// Range is a value with its limits.
type Range struct {
	Value float64 `json:"value" doc:"Most likely."`
	Low   float64 `json:"low" doc:"Lower limit: that of 95 % confidence at the lowest demand that the record allows."`
	High  float64 `json:"high" doc:"Upper limit, likewise at the highest demand."`
}

// Remedy is one way to run the site.
type Remedy struct {
	Code      sizing.RemedyCode `json:"code" enum:"as_is,mix,shorter_hold,longer_hold,kept_hold,extra_column" doc:"What is changed."`
	Verdict   sizing.Verdict    `json:"verdict" enum:"basis,helps,peak_only,nothing,harms" doc:"Whether it helps."`
	HoldDays  float64           `json:"hold_days" doc:"Days after which parcels are taken out; 0: never."`
	Doors     []DoorCount       `json:"doors" doc:"Doors of each size."`
	Columns   []ColumnChange    `json:"columns,omitempty" doc:"Columns that become others, or are new."`
	Loss      Range             `json:"no_door_percent" doc:"Parcels that find no door in a normal week, percent."`
	PeakLoss  Range             `json:"peak_no_door_percent" doc:"Likewise in the peak week."`
	Saved     Range             `json:"saved_per_week" doc:"Parcels more that find a door in a normal week than as it is."`
	PeakSaved Range             `json:"peak_saved_per_week" doc:"Likewise in the peak week."`
	TakenOut  Range             `json:"taken_out_per_week" doc:"Parcels that staff take out in a normal week because the hold is over."`
	Price     *Cost             `json:"price,omitempty" doc:"Of the columns with installation, once; by a catalogue, an assumption."`
}

// DoorCount is a number of doors of one size.
type DoorCount struct {
	Size  locker.Size `json:"size" enum:"S,M,L,XL" doc:"Size."`
	Doors int         `json:"doors" doc:"How many."`
}

// ColumnChange is a kind of column that becomes another.
type ColumnChange struct {
	Columns int         `json:"columns" doc:"How many columns."`
	From    []DoorCount `json:"from,omitempty" doc:"Doors of one of them today; missing: the column is new."`
	To      []DoorCount `json:"to" doc:"Doors of one of them then."`
}

// Cost is an amount with its limits.
type Cost struct {
	Range
	Currency string `json:"currency" doc:"ISO 4217." example:"USD"`
	Source   string `json:"source" doc:"Where it comes from, in English."`
}

func (a *API) getAdvice(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Advice], error) {
	if a.advise == nil {
		return nil, locker.Errorf(locker.CodeNotFound, "this server gives no advice on sites")
	}
	found, err := a.advise(ctx, who, in.Site)
	var thin *sizing.ThinRecord
	if errors.As(err, &thin) || errors.Is(err, refit.ErrNoDoors) {
		return nil, locker.Errorf(locker.CodeConflict, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	out := Advice{
		Helps: found.Helps, Best: found.Best, From: found.Record.From, To: found.Record.To, Days: found.Record.Days, Parcels: found.Record.Parcels,
		NoDoor:   found.Record.Outside + found.Record.Refused,
		PerWeek:  Range{found.Record.Weekly.Mid, found.Record.Weekly.Low, found.Record.Weekly.High},
		Remedies: make([]Remedy, len(found.Remedies)), Warnings: make([]string, len(found.Warnings)),
	}
	for i, r := range found.Remedies {
		out.Remedies[i] = remedyOf(r, found.Currency)
	}
	for i, w := range found.Warnings {
		out.Warnings[i] = w.Text
	}
	return answer(out, nil)
}

func remedyOf(r sizing.Remedy, currency string) Remedy {
	out := Remedy{
		Code: r.Code, Verdict: r.Verdict, HoldDays: r.Hold, Doors: doorCounts(r.Mix), Loss: rangeOf(r.Normal.Loss), PeakLoss: rangeOf(r.Peak.Loss),
		Saved: rangeOf(r.Normal.Saved), PeakSaved: rangeOf(r.Peak.Saved), TakenOut: rangeOf(r.Normal.TakenOut),
	}
	for _, c := range r.Columns {
		out.Columns = append(out.Columns, ColumnChange{Columns: c.Columns, From: doorCounts(c.From), To: doorCounts(c.To)})
	}
	if p := r.Price; p != nil {
		out.Price = &Cost{Range: Range{p.Mid, p.Low, p.High}, Currency: currency, Source: p.Source}
	}
	return out
}

func rangeOf(i sizing.Interval) Range { return Range{i.Value, i.Low, i.High} }

func doorCounts(all []sizing.DoorCount) []DoorCount {
	var out []DoorCount
	for _, d := range all {
		out = append(out, DoorCount(d))
	}
	return out
}
