package sizing

import (
	"fmt"
	"math"
	"strings"

	"cubby/internal/sizing/figure"
)

// What is worth a change: parcels per week, and of a hundred parcels.
const (
	noticeParcels = 1.0 // in a normal week
	noticePercent = 0.5
	peakParcels   = 2.0 // in the peak week, which comes once a year
	peakPercent   = 1.0
)

// AdviceReasonCodes lists every code that a Reason of an advice may have, for whoever translates them.
func AdviceReasonCodes() []string {
	return []string{
		"advice_helps", "advice_peak_only", "advice_nothing", "advice_harms", "advice_none", "advice_none_needed",
		"advice_gap", "advice_hold_not_kept", "advice_outside", "advice_waiting", "advice_guessed_size", "advice_apart", "advice_week_of_record",
		"record",
	}
}

// notice is how many parcels per week are worth a change.
func notice(least, percent, weekly float64) float64 { return max(least, percent/100*weekly) }

// judge says of each remedy whether it helps, and which helps most. The doubt of the demand and that of the
// simulation must both be smaller than the gain.
func (a *adviser) judge() {
	normal := notice(noticeParcels, noticePercent, a.model.weekly)
	peak := notice(peakParcels, peakPercent, a.model.weekly*a.model.peak)
	gain := func(r Remedy) float64 {
		weeks := a.record.problem.Demand.PeakWeeks.Mid
		return (yearWeeks-weeks)*r.Normal.Saved.Value + weeks*r.Peak.Saved.Value
	}
	best := 0.0
	for i := range a.advice.Remedies {
		r := &a.advice.Remedies[i]
		n, p := r.Normal.Saved, r.Peak.Saved
		switch {
		case i == 0:
		case n.Value >= normal && n.Low > 0:
			r.Verdict = VerdictHelps
		case n.Value <= -normal && n.High < 0, p.Value <= -peak && p.High < 0:
			r.Verdict = VerdictHarms
		case p.Value >= peak && p.Low > 0:
			r.Verdict = VerdictPeak
		}
		if helps := r.Verdict == VerdictHelps || r.Verdict == VerdictPeak; helps {
			a.advice.Helps = true
			if g := gain(*r); g > best {
				best, a.advice.Best = g, r.Code
			}
		}
	}
}

// say writes the findings: each remedy in a sentence, then the sum; and what makes the advice doubtful.
func (a *adviser) say() {
	find := func(r Reason) { a.advice.Findings = append(a.advice.Findings, r) }
	for i, r := range a.advice.Remedies {
		if i > 0 {
			find(a.sentence(r))
		}
	}
	now := a.advice.Remedies[0]
	switch {
	case a.advice.Helps:
	case now.Normal.Loss.Value < noticePercent:
		find(reason("advice_none_needed", fmt.Sprintf("nothing would help noticeably, and little needs to: as it is %s %% find no door in a normal week",
			number(round(now.Normal.Loss.Value, 2))), now.Normal.Loss.Figure()))
	default:
		find(reason("advice_none", fmt.Sprintf("nothing of this would help noticeably, although as it is %s %% find no door in a normal week",
			number(round(now.Normal.Loss.Value, 2))), now.Normal.Loss.Figure()))
	}
	a.doubt(now)
}

func (a *adviser) sentence(r Remedy) Reason {
	code, verb := "advice_nothing", "would not help noticeably"
	week, saved := "a normal week", r.Normal.Saved
	switch r.Verdict {
	case VerdictHelps:
		code, verb = "advice_helps", "would help"
	case VerdictPeak:
		code, verb = "advice_peak_only", "would help in the peak week only"
		week, saved = "the peak week", r.Peak.Saved
	case VerdictHarms:
		code, verb = "advice_harms", "would do harm"
	case VerdictNothing, VerdictBasis:
	}
	text := fmt.Sprintf("%s %s: in %s %s parcels more find a door (%s to %s)", a.remedyWords(r), verb, week,
		number(round(saved.Value, 1)), number(round(saved.Low, 1)), number(round(saved.High, 1)))
	return Reason{Code: code, Figures: []Figure{saved.Figure()}, Words: []string{r.Code.String()}, Text: text}
}

func (a *adviser) remedyWords(r Remedy) string {
	switch r.Code {
	case OtherMix:
		var parts []string
		for _, c := range r.Columns {
			parts = append(parts, fmt.Sprintf("%d with %s instead of %s", c.Columns, doorWords(c.To), doorWords(c.From)))
		}
		return "other doors in the same columns (" + strings.Join(parts, "; ") + ")"
	case ShorterHold, LongerHold:
		return fmt.Sprintf("taking parcels out after %s days", number(r.Hold))
	case KeptHold:
		return fmt.Sprintf("keeping the hold of %s days that is set", number(r.Hold))
	case ExtraColumn:
		return "one more column with " + doorWords(r.Columns[0].To)
	case AsItIs:
	}
	return "the site as it is"
}

func doorWords(doors []DoorCount) string {
	var parts []string
	for _, d := range doors {
		parts = append(parts, fmt.Sprintf("%d %s", d.Doors, d.Size))
	}
	return strings.Join(parts, ", ")
}

// apart is how far the simulated loss may lie from the one of the record, in percent of the parcels,
// before it is said.
const apart = 2

// doubt says what makes the advice less certain.
func (a *adviser) doubt(now Remedy) {
	warn := func(r Reason) { a.advice.Warnings = append(a.advice.Warnings, r) }
	r := a.record
	for _, g := range r.Gaps {
		warn(Reason{
			Code: "advice_gap", Figures: []Figure{measured(float64(g.Days), "days")}, Words: []string{g.From, g.To},
			Text: fmt.Sprintf("no parcel came on the %d days from %s to %s: they are left out", g.Days, g.From, g.To),
		})
	}
	if !r.HoldKept {
		warn(reason("advice_hold_not_kept", fmt.Sprintf("the hold of %s days is not kept: %s %% of the parcels in doors lay for more than a day longer",
			number(r.Hold), number(r.BeyondPct)), measured(r.Hold, "days"), measured(r.BeyondPct, ofParcels)))
	}
	if r.Outside > 0 {
		warn(reason("advice_outside", fmt.Sprintf("%d parcels went to a shelf or to the desk: each counts as one that wanted a door", r.Outside),
			measured(float64(r.Outside), "parcels")))
	}
	if open := r.Waiting + r.Removed; open*10 > r.Parcels {
		warn(reason("advice_waiting", fmt.Sprintf("%d parcels still wait or were taken out by staff: how long they would have stayed is estimated", open),
			measured(float64(open), "parcels")))
	}
	for i, guessed := range a.bank.Guessed {
		if guessed && r.Sizes[i].Parcels > 0 {
			warn(Reason{
				Code: "advice_guessed_size", Words: []string{r.Sizes[i].Size.String()}, Figures: []Figure{measured(float64(a.bank.Units[i]), "units")},
				Text: fmt.Sprintf("the site has no door of size %s: its height is taken as %d units", r.Sizes[i].Size, a.bank.Units[i]),
			})
		}
	}
	loss := now.Normal.Loss
	if away := max(loss.Low-r.Observed.High, r.Observed.Low-loss.High); away > apart {
		warn(reason("advice_apart", fmt.Sprintf("the record shows that %s %% found no door, the simulation %s %%: something happens at the site that "+
			"the simulation does not know, e.g. doors out of service", number(round(r.Observed.Value, 1)), number(round(loss.Value, 1))),
			r.Observed.Figure(), loss.Figure()))
	}
	if a.record.problem.Demand.PeakFactor.Assumed || !strings.HasPrefix(a.record.problem.Demand.PeakFactor.Source, "the site's record") {
		f := a.record.problem.Demand.PeakFactor
		warn(reason("advice_week_of_record", fmt.Sprintf("the record is shorter than a year: the peak week is taken as %s times a week of the record "+
			"(%s to %s, published figures)", figure.Number(f.Mid), figure.Number(f.Low), figure.Number(f.High)), f))
	}
	a.advice.Warnings = append(a.advice.Warnings, r.warnings...)
	for i := range a.advice.Warnings {
		for j, f := range a.advice.Warnings[i].Figures {
			a.advice.Warnings[i].Figures[j].Mid = math.Round(f.Mid*1e4) / 1e4
		}
	}
}
