package sim

// blocks makes years of a log: which weeks of the log may stand for each stretch of a week.
type blocks struct {
	days   int        // of a stretch
	from   [7][]int32 // weeks of the log, by the stretch that a day of the week lies in
	factor []float64  // how often each parcel comes, by the week of the year
}

// passes reports whether a log is passed through as it is.
func (m *model) passes() bool { return m.log != nil && m.blocks == nil }

// addBlocks lists the weeks of the log that have the whole of a stretch between the first and the last delivery:
// outside of these nobody knows what came.
func (m *model) addBlocks(d Demand) error {
	if d.Block == 0 {
		return nil
	}
	const week = 7
	if d.Block < 0 || d.Block > week {
		return wrong("blocks of %d days; give 1 to %d", d.Block, week)
	}
	b := &blocks{days: d.Block, factor: make([]float64, yearWeeks)}
	first := int(d.Log[0].At.Minutes()) / dayMinutes
	last := int(d.Log[len(d.Log)-1].At.Minutes()) / dayMinutes
	for day := range week {
		start := day / b.days * b.days
		end := min(start+b.days, week) - 1
		for w := range m.weeks {
			if w*week+start >= first && w*week+end <= last {
				b.from[day] = append(b.from[day], int32(w))
			}
		}
		if len(b.from[day]) == 0 {
			return wrong("the log has no whole stretch of %d days from day %d of a week; give a longer log or shorter blocks", b.days, start+1)
		}
	}
	for w := range b.factor {
		b.factor[w] = 1
		if d.Growth > 0 {
			b.factor[w] = d.Growth
		}
		if len(d.Season) > 0 {
			b.factor[w] *= d.Season[w]
		}
	}
	m.blocks, m.weeks, m.peak = b, yearWeeks, peakWeeks(d.Season)
	return nil
}

// dayFor draws the day of the log that stands for a day since the start. All days of a stretch come from the same
// week.
func (b *blocks) dayFor(key uint64, day int) int {
	weekday := day % 7
	weeks := b.from[weekday]
	stretch := uint64(day/7)*7 + uint64(weekday/b.days)
	const apartFromParcels = 1 << 40
	at := below(uint32(mix(subkey(key, apartFromParcels+stretch))), int32(len(weeks)))
	return int(weeks[at])*7 + weekday
}

// copies returns how often a parcel comes in a week of the year: as often as the week weighs, in the mean.
func (b *blocks) copies(parcel uint64, weekOf int) int {
	whole := int(b.factor[weekOf])
	if part := b.factor[weekOf] - float64(whole); part > 0 && unit(wordOf(parcel, wordArrival)) < part {
		whole++
	}
	return whole
}
