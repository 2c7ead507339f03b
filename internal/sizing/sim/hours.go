package sim

import (
	"fmt"
	"slices"
	"time"
)

const week = weekMinutes * time.Minute

// checkHours returns what is wrong with stretches of the week: they must be in order and apart.
func checkHours(hours []Hours) error {
	last := time.Duration(0)
	for i, h := range hours {
		if h.From < last || h.To <= h.From || h.To > week {
			return fmt.Errorf("stretch %d of the week runs from %v to %v; give them in order, not overlapping, within 0 and 168 h",
				i+1, h.From, h.To)
		}
		last = h.To
	}
	return nil
}

// untilOpen returns, for each minute of the week, the minutes until residents can collect; nil
// when they always can.
func untilOpen(hours []Hours) []int32 {
	if len(hours) == 0 {
		return nil
	}
	wait := make([]int32, weekMinutes)
	next := int32(hours[0].From/time.Minute) + weekMinutes
	for m := int32(weekMinutes - 1); m >= 0; m-- {
		at := time.Duration(m) * time.Minute
		if slices.ContainsFunc(hours, func(h Hours) bool { return h.From <= at && at < h.To }) {
			next = m
		}
		wait[m] = next - m
	}
	return wait
}

// lastClosing returns how long ago residents could last collect; 0 while they can.
func lastClosing(hours []Hours, at time.Duration) time.Duration {
	if len(hours) == 0 {
		return 0
	}
	at %= week
	ago := at + week - hours[len(hours)-1].To
	for _, h := range hours {
		if h.From <= at {
			ago = max(0, at-h.To)
		}
	}
	return ago
}

// Survival returns the probability that a parcel of the class, put in a door at (after Monday 00:00),
// is still there after age: its dwell, postponed while residents cannot collect and cut by the
// hold. It is what a modified offered load needs. It is 0 for a class that does not exist.
func (s Scenario) Survival(class int, at, age time.Duration) float64 {
	if class < 0 || class >= len(s.Classes) || s.Policy.Hold > 0 && age >= s.Policy.Hold {
		return 0
	}
	return s.Classes[class].Dwell.Survival(at, age-lastClosing(s.Policy.PickUp, at+age))
}
