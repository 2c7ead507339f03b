package commission

import (
	"slices"

	"cubby/board"
	"cubby/internal/locker"
)

// sensorFindings compare, for each output that opened one door, which sensors moved.
func (w *Walk) sensorFindings() []Finding {
	var all []Finding
	for _, b := range w.plan.Boards {
		if !b.Sees {
			continue
		}
		inverted, upright := w.senses(b)
		if len(inverted) > 1 && len(upright) == 0 {
			all = append(all, Finding{
				Kind: KindPolarity, Board: partOf(b.Bus, b.Address), Setting: "polarity", From: b.Polarity, To: b.Other,
			})
			continue
		}
		for _, r := range inverted {
			all = append(all, Finding{Kind: KindInverted, Doors: r.Answer.Labels, Outputs: []locker.Output{r.Output}})
		}
	}
	var crossed []Record
	for _, r := range w.records {
		if b, ok := w.boardOf(r.Output); !ok || !b.Sees || !r.Answer.one() {
			continue
		}
		f, moved := w.sensorOf(r)
		if moved {
			crossed = append(crossed, r)
		}
		all = append(all, f...)
	}
	return append(all, w.crossedSensors(crossed)...)
}

// senses splits a board's doors whose own sensor moved by whether it says the opposite.
func (w *Walk) senses(b Board) (inverted, upright []Record) {
	for _, r := range w.records {
		if r.Output.Bus != b.Bus || r.Output.Board != b.Address || !r.Answer.one() {
			continue
		}
		for _, m := range r.Sight.Moves {
			switch {
			case m.Output != r.Output:
			case m.To == board.StateClosed:
				inverted = append(inverted, r)
			case m.To == board.StateOpen:
				upright = append(upright, r)
			}
		}
	}
	return inverted, upright
}

// sensorOf says what is wrong with the sensor of one door that opened; crossed is true when another
// channel's sensor moved instead.
func (w *Walk) sensorOf(r Record) (found []Finding, crossed bool) {
	own := slices.IndexFunc(r.Sight.Moves, func(m Move) bool { return m.Output == r.Output })
	label := r.Answer.Labels[0]
	switch {
	case own >= 0 && len(r.Sight.Moves) > 1:
		f := Finding{Kind: KindStraySensor, Doors: []string{label}, Outputs: []locker.Output{r.Output}}
		for i, m := range r.Sight.Moves {
			if i != own {
				f.Outputs = append(f.Outputs, m.Output)
			}
		}
		found = append(found, f)
	case own < 0 && len(r.Sight.Moves) > 0:
		return nil, true
	case own < 0 && r.Sight.Was != board.StateUnknown && r.Sight.Was != w.rest(r.Output):
		return nil, false // the door stood open already, and its sensor said so
	case own < 0:
		return []Finding{{Kind: KindDeadSensor, Doors: []string{label}, Outputs: []locker.Output{r.Output}}}, false
	}
	if late := r.Sight.Moves[own].After; late > slowAfter {
		found = append(found, Finding{
			Kind: KindSlow, Doors: []string{label}, Outputs: []locker.Output{r.Output}, Late: late,
		})
	}
	return found, false
}

// crossedSensors joins two doors that have each other's sensor into one finding.
func (w *Walk) crossedSensors(records []Record) []Finding {
	var all []Finding
	var told []locker.Output
	for _, r := range records {
		if slices.Contains(told, r.Output) {
			continue
		}
		at := r.Sight.Moves[0].Output
		f := Finding{Kind: KindCrossedSensor, Doors: r.Answer.Labels, Outputs: []locker.Output{at}}
		for _, other := range records {
			if other.Output == at && other.Sight.Moves[0].Output == r.Output {
				told = append(told, other.Output)
				f.Doors = []string{r.Answer.Labels[0], other.Answer.Labels[0]}
				f.Outputs = []locker.Output{at, r.Output}
			}
		}
		all = append(all, f)
	}
	return all
}
