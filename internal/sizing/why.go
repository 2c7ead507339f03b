package sizing

import (
	"context"
	"fmt"
	"math"
)

// why says why the recommended alternative was chosen.
func (s *solver) why() {
	a, t := s.answer.Recommended, s.problem.Policy.Target
	add := func(r Reason) { s.answer.Why = append(s.answer.Why, r) }
	held := a.Normal
	if t.Week == PeakWeek {
		held = a.Peak
	}
	if a.Meets {
		loss := s.measureOf(held)
		add(Reason{
			Code: "target_held", Figures: []Figure{loss.Figure(), t.Loss}, Words: []string{t.Measure.String(), t.Week.String()},
			Text: fmt.Sprintf("in the %s week %s %% are lost (%s to %s), counted by %s; at most %s %% may be",
				t.Week, number(round(loss.Value, 2)), number(round(loss.Low, 2)), number(round(loss.High, 2)),
				measureWords(t.Measure), number(t.Loss.Mid)),
		})
	}
	for _, r := range a.Misses {
		add(r)
	}
	if b := s.answer.Smaller; b != nil {
		add(s.whySmaller(*b))
	}
	s.whyCheaper(add)
	if a.Kind == Lockers || a.Kind == Hybrid {
		b := s.answer.Bracket
		add(reason("bracket", fmt.Sprintf("were all parcels of one size, formulas would ask for %d (mean load), %d (modified offered load) "+
			"and %d doors (fullest hour)", b.MeanLoad, b.Modified, b.PeakLoad), measured(float64(b.MeanLoad), "doors"),
			measured(float64(b.Modified), "doors"), measured(float64(b.PeakLoad), "doors")))
		if len(s.problem.Site.Walls) == 0 {
			add(reason("width", fmt.Sprintf("it needs %d mm of wall", a.WidthMM), measured(float64(a.WidthMM), "mm")))
		}
	}
	if a.Kind == OpenRoom {
		add(reason("open_room_trust", "whoever is in an open room can take any parcel: it comes after lockers, whatever it costs"))
	}
}

// whySmaller says why the next smaller alternative does not do.
func (s *solver) whySmaller(b Alternative) Reason {
	service := b.Normal
	if s.problem.Policy.Target.Week == PeakWeek {
		service = b.Peak
	}
	loss := s.measureOf(service)
	lost := number(round(loss.Value, 2))
	if b.Room == nil {
		if s.answer.Recommended.Room != nil {
			return reason("smaller_no_room", fmt.Sprintf("without the room these doors would lose %s %% by the same measure", lost), loss.Figure())
		}
		return reason("smaller", fmt.Sprintf("the next smaller bank, %d doors, would lose %s %% by the same measure", b.Doors, lost),
			measured(float64(b.Doors), "doors"), loss.Figure())
	}
	shelf := measured(float64(b.Room.ShelfMM)/1000, "m")
	if b.Meets {
		price := money(b.Cost.Present.Mid, b.Cost.Currency)
		return reason("smaller_dearer", fmt.Sprintf("the next smaller room, with %s m of shelves, would hold the target too but cost %s %s over the years: "+
			"staff would hand out what it does not take", number(shelf.Mid), number(math.Round(price.Mid)), b.Cost.Currency), shelf, price)
	}
	return reason("smaller_room", fmt.Sprintf("the next smaller room, with %s m of shelves, would lose %s %% by the same measure",
		number(shelf.Mid), lost), shelf, loss.Figure())
}

func (s *solver) whyCheaper(add func(Reason)) {
	a := s.answer.Recommended
	for _, other := range s.answer.Others {
		code, text := "compared", "costs"
		switch {
		case len(s.problem.Site.Rooms) == 0 && (other.Kind == OpenRoom || other.Kind == Hybrid):
			code, text = "compared_no_room", "needs a room, of which the plan names none, and would cost"
		case !other.Fits:
			code, text = "compared_unfit", "does not fit, and would cost"
		case !other.Meets:
			code, text = "compared_missed", "does not hold the target, and costs"
		}
		add(Reason{
			Code: code, Words: []string{other.Kind.String()},
			Figures: []Figure{money(other.Cost.Present.Mid, other.Cost.Currency), money(a.Cost.Present.Mid, a.Cost.Currency)},
			Text: fmt.Sprintf("%s %s %s %s over %d years, this %s", kindWords(other.Kind), text,
				number(math.Round(float64(other.Cost.Present.Mid)/100)), other.Cost.Currency, other.Cost.Years,
				number(math.Round(float64(a.Cost.Present.Mid)/100))),
		})
		for _, miss := range other.Misses {
			if miss.Code == "room_too_small" {
				add(miss)
			}
		}
	}
}

func kindWords(k Kind) string {
	switch k {
	case Lockers:
		return "a bank of lockers"
	case OpenRoom:
		return "an open room"
	case Hybrid:
		return "a smaller bank with a room"
	case OffSite:
		return "a service elsewhere"
	}
	return k.String()
}

// measureOf returns the interval that the target is about.
func (s *solver) measureOf(v Service) Interval {
	switch s.problem.Policy.Target.Measure {
	case Total:
		return v.Loss
	case Days:
		return Interval{Value: 100 - v.WholeDay.Value, Low: 100 - v.WholeDay.High, High: 100 - v.WholeDay.Low, Unit: ofDays}
	case PerClass:
	}
	worst := Interval{Unit: ofClass}
	doors := len(s.stock.modules) > 0 // else a room takes every class
	for i, c := range v.Classes {
		if (s.model.home[i] >= 0 || !doors) && c.Loss.Value >= worst.Value {
			worst = c.Loss
		}
	}
	return worst
}

// wouldGive says what would have to give for the target to hold: more wall, a shorter hold, fewer
// parcels, or a weaker target.
func (s *solver) wouldGive(ctx context.Context) error {
	add := func(r Reason) { s.answer.WouldGive = append(s.answer.WouldGive, r) }
	if why, none := nothingStands(s.refused); none {
		add(why)
		return nil
	}
	if len(s.stock.modules) == 0 {
		for _, r := range s.stock.notes {
			add(r)
		}
		return nil
	}
	for _, a := range s.answer.All() {
		if a.Kind == Lockers {
			s.giveRules(a, add)
		}
	}
	if s.judged.loss <= s.target {
		return nil
	}
	if len(s.problem.Policy.Quotas) > 0 {
		return nil // formulas do not see quotas
	}
	n, err := s.need(ctx)
	if err != nil {
		return err
	}
	s.giveWall(n, add)
	if err := s.giveWay(ctx, n, add); err != nil {
		return err
	}
	for _, a := range s.answer.All() {
		if a.Kind == Hybrid && a.Meets && a.Room != nil {
			add(reason("room_beside", fmt.Sprintf("a bank of %d doors with a room of %s m² beside it would do", a.Doors, number(a.Room.FloorM2)),
				measured(float64(a.Doors), "doors"), measured(a.Room.FloorM2, "m²")))
		}
	}
	add(reason("weaker_target", fmt.Sprintf("with what fits, %s %% is the target that can be held", number(round(100*s.judged.loss, 2))),
		measured(100*s.judged.loss, "%")))
	return nil
}

// giveRules names the rules that lockers break although they hold the target, and quotas that lose
// parcels whatever the number of doors.
func (s *solver) giveRules(a Alternative, add func(Reason)) {
	for _, miss := range a.Misses {
		if s.judged.loss <= s.target && (miss.Code == "reach_share" || miss.Code == "reach_size") {
			miss.Text += ": choose other modules, or leave the rule out with site.reach.required: false"
			add(miss)
		}
	}
	if len(s.problem.Policy.Quotas) > 0 && s.judged.loss > s.target {
		add(reason("lift_quotas", "a carrier that may fill only so many doors in a visit loses the rest, whatever the bank: lift policy.quotas"))
	}
}
