package text

import (
	"strconv"
	"time"
)

// Time returns the time of day in loc, e.g. "18:00".
func (p *Printer) Time(t time.Time, loc *time.Location) string {
	return t.In(loc).Format("15:04")
}

// Weekday returns the name of a day of the week, e.g. "Thursday".
func (p *Printer) Weekday(d time.Weekday) string {
	return p.T("time.weekday." + strconv.Itoa(int(d)))
}

// Month returns the name of a month, e.g. "November".
func (p *Printer) Month(m time.Month) string {
	return p.T("time.month." + strconv.Itoa(int(m)))
}

// Date returns the full date in loc, e.g. "27 November 2026".
func (p *Printer) Date(t time.Time, loc *time.Location) string {
	t = t.In(loc)
	return p.T("time.date", "day", t.Day(), "month", p.Month(t.Month()), "year", t.Year())
}

// DateTime returns date and time in loc, e.g. "27 November 2026, 18:00".
func (p *Printer) DateTime(t time.Time, loc *time.Location) string {
	return p.T("time.date_time", "date", p.Date(t, loc), "time", p.Time(t, loc))
}

// Day returns the date as people near it say it: "today", "yesterday", "tomorrow", the weekday
// within the six days before or after now, else the date.
func (p *Printer) Day(t, now time.Time, loc *time.Location) string {
	switch days := DaysBetween(now, t, loc); {
	case days == 0:
		return p.T("time.today")
	case days == -1:
		return p.T("time.yesterday")
	case days == 1:
		return p.T("time.tomorrow")
	case days > -7 && days < 7:
		return p.Weekday(t.In(loc).Weekday())
	}
	return p.Date(t, loc)
}

// DayTime returns Day and the time of day, e.g. "today at 11:42".
func (p *Printer) DayTime(t, now time.Time, loc *time.Location) string {
	return p.T("time.day_time", "day", p.Day(t, now, loc), "time", p.Time(t, loc))
}

// Duration returns a span in its largest whole unit, e.g. "3 days", "5 minutes". A negative
// span counts as its absolute value.
func (p *Printer) Duration(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return p.N("time.seconds", int(d/time.Second))
	case d < time.Hour:
		return p.N("time.minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return p.N("time.hours", int(d/time.Hour))
	}
	return p.N("time.days", int(d/(24*time.Hour)))
}

// Days returns a count of days, e.g. "7 days".
func (p *Printer) Days(n int) string { return p.N("time.days", n) }

// DaysBetween counts calendar days from a to b in loc: 0 on the same date, negative when b is
// the earlier date. Days with a clock change count as one day.
func DaysBetween(a, b time.Time, loc *time.Location) int {
	midday := func(t time.Time) time.Time {
		t = t.In(loc)
		return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
	}
	return int(midday(b).Sub(midday(a)) / (24 * time.Hour))
}
