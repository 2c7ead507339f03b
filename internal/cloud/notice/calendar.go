package notice

import (
	"slices"
	"time"
)

// Hours are quiet hours: minutes of the day in the zone of a [Calendar], From included and To not.
// They may go over midnight. From equal to To means none.
type Hours struct {
	From, To int
}

// contain reports whether a minute of the day is within the hours.
func (h Hours) contain(minute int) bool {
	if h.From <= h.To {
		return h.From <= minute && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

// Calendar says when somebody may be reminded.
type Calendar struct {
	Zone     *time.Location
	Quiet    []Hours  // all of them hold
	Holidays []string // "2026-12-25", or "12-25" for every year
}

// Quietly reports whether nobody should be reminded at that moment.
func (c Calendar) Quietly(at time.Time) bool {
	at = at.In(c.Zone)
	minute := at.Hour()*60 + at.Minute()
	for _, hours := range c.Quiet {
		if hours.contain(minute) {
			return true
		}
	}
	return slices.Contains(c.Holidays, at.Format(time.DateOnly)) || slices.Contains(c.Holidays, at.Format("01-02"))
}

// Rhythm says when a parcel that waits is worth a reminder.
type Rhythm struct {
	Steps  []time.Duration // from the first notice, rising
	Repeat time.Duration   // after the last of Steps, again each time this has passed; 0: no more
}

// maxSteps bounds the reminders of one parcel: after them staff must act.
const maxSteps = 60

// Due returns the highest step, counted from 1, whose time has come after a wait; 0: none yet. Steps
// that were missed because a server was down or a vacation lasted are left out: one mail is enough.
func (r Rhythm) Due(waited time.Duration) int {
	step := 0
	for _, after := range r.Steps {
		if waited < after {
			return step
		}
		step++
	}
	if r.Repeat > 0 && step > 0 {
		step += int((waited - r.Steps[step-1]) / r.Repeat)
	}
	return min(step, maxSteps)
}

// first returns the shortest wait after which a step is due; ok is false when there never is one.
func (r Rhythm) first() (wait time.Duration, ok bool) {
	if len(r.Steps) == 0 {
		return 0, false
	}
	return r.Steps[0], true
}
