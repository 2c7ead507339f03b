package sim

// tally counts what happened in one period of one year.
type tally struct {
	days, daysLost, daysMissed      int32
	offered, lost, missed, upgraded [maxClasses]int32
	joined, expired                 int32
	returned                        int32
	placed                          [maxPlaces]int32
	outside, beyond                 most
}

// most is the most that lay somewhere at one moment.
type most struct {
	parcels int32
	litres  float64
}

func (m *most) saw(o most) {
	m.parcels = max(m.parcels, o.parcels)
	m.litres = max(m.litres, o.litres)
}

// yearTally is one year.
type yearTally struct {
	normal, peak tally
	events       int64
}

// both returns the whole year.
func (y *yearTally) both() tally {
	all := y.normal
	p := &y.peak
	all.days += p.days
	all.daysLost += p.daysLost
	all.daysMissed += p.daysMissed
	for i := range all.offered {
		all.offered[i] += p.offered[i]
		all.lost[i] += p.lost[i]
		all.missed[i] += p.missed[i]
		all.upgraded[i] += p.upgraded[i]
	}
	all.joined += p.joined
	all.expired += p.expired
	all.returned += p.returned
	for i := range all.placed {
		all.placed[i] += p.placed[i]
	}
	all.outside.saw(p.outside)
	all.beyond.saw(p.beyond)
	return all
}

// fanCounts counts, for each hour of the week and size, how often how many doors were taken.
type fanCounts struct {
	m      *model
	period int // 0 normal, 1 peak, -1 not counted
	// offset is where each size's counts begin within an hour; stride is the length of an hour.
	offset []int
	stride int
	seen   [2][]uint32
}

const weekHours = 7 * 24

func newFanCounts(m *model) *fanCounts {
	f := &fanCounts{m: m, period: -1}
	for _, z := range m.sizes {
		f.offset = append(f.offset, f.stride)
		f.stride += int(z.doors) + 1
	}
	for p := range f.seen {
		f.seen[p] = make([]uint32, weekHours*f.stride)
	}
	return f
}

func (f *fanCounts) sample(t int32, free *[maxSizes]int32) {
	if f.period < 0 {
		return
	}
	hour := int(t/60) % weekHours
	seen := f.seen[f.period][hour*f.stride:]
	for z := range f.m.sizes {
		seen[f.offset[z]+int(f.m.sizes[z].doors-free[z])]++
	}
}

func (f *fanCounts) add(from *fanCounts) {
	for p := range f.seen {
		for i, n := range from.seen[p] {
			f.seen[p][i] += n
		}
	}
}

// fans turns the counts into distributions.
func (f *fanCounts) fans(names []string) []Fan {
	fans := make([]Fan, len(names))
	for z, name := range names {
		fans[z] = Fan{Size: name, Doors: int(f.m.sizes[z].doors)}
		for p, into := range []*[]FanHour{&fans[z].Normal, &fans[z].Peak} {
			for hour := range weekHours {
				start := hour*f.stride + f.offset[z]
				*into = append(*into, fanHour(f.seen[p][start:start+fans[z].Doors+1]))
			}
		}
	}
	return fans
}

func fanHour(seen []uint32) FanHour {
	total, weighted := uint64(0), uint64(0)
	var h FanHour
	for taken, n := range seen {
		total += uint64(n)
		weighted += uint64(n) * uint64(taken)
		if n > 0 {
			h.Max = taken
		}
	}
	if total == 0 {
		return h
	}
	h.Mean = float64(weighted) / float64(total)
	quantile := func(p float64) int {
		run := uint64(0)
		for taken, n := range seen {
			run += uint64(n)
			if float64(run) >= p*float64(total) {
				return taken
			}
		}
		return h.Max
	}
	h.P05, h.P25, h.P50 = quantile(0.05), quantile(0.25), quantile(0.5)
	h.P75, h.P95 = quantile(0.75), quantile(0.95)
	return h
}
