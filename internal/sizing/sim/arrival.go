package sim

// arrivals is one visit, or one parcel that comes alone.
type arrivals struct {
	minute  int32 // of the day
	carrier int32
	first   int32 // number of its first parcel among the carrier's of the day, or in the log
	count   int32
}

// An arrival is packed into 64 bits, the minute on top, so that sorting numbers sorts the day.
const (
	countBits   = 22
	carrierBits = 6
	countMask   = 1<<countBits - 1
)

func (a arrivals) pack() uint64 {
	return uint64(a.minute)<<(2*countBits+carrierBits) | uint64(a.carrier)<<(2*countBits) |
		uint64(a.first)<<countBits | uint64(a.count)
}

func unpack(x uint64) arrivals {
	return arrivals{
		minute:  int32(x >> (2*countBits + carrierBits)),
		carrier: int32(x >> (2 * countBits) & (1<<carrierBits - 1)),
		first:   int32(x >> countBits & countMask),
		count:   int32(x & countMask),
	}
}

// The words of randomness of one parcel.
const (
	wordStay    = iota
	wordClass   // and household
	wordLitres  // and consolidation
	wordArrival // visit and moment
	wordsPerParcel
)

func parcelKey(carrierKey uint64, number int32) uint64 {
	return carrierKey + golden*(wordsPerParcel*uint64(number)+maxVisits+1)
}

func wordOf(parcel, number uint64) uint64 { return mix(parcel + golden*number) }

// listVisits draws who comes when and with how many parcels on a day.
func (e *engine) listVisits(dayKey uint64, dayOf int) {
	laws := e.m.daily[e.m.dailyOf[dayOf]]
	for c := range laws {
		key := subkey(dayKey, uint64(c))
		e.keys[c] = key
		count := laws[c].at(mix(key))
		if count == 0 {
			continue
		}
		who := &e.m.carriers[c]
		switch {
		case who.spread:
			e.listSpread(who, arrivals{carrier: int32(c), count: count}, key)
		case len(who.visits) == 1:
			e.listVisit(who, 0, key, arrivals{carrier: int32(c), count: count})
		default:
			e.listShared(who, arrivals{carrier: int32(c), count: count}, key)
		}
	}
}

// listVisit adds a visit at its own moment.
func (e *engine) listVisit(who *carrier, v int, key uint64, a arrivals) {
	window := &who.visits[v]
	a.minute = window.from + below(uint32(mix(key+golden*uint64(v+1))), window.span)
	e.order = append(e.order, a.pack())
}

// listSpread adds each parcel at its own moment.
func (e *engine) listSpread(who *carrier, a arrivals, key uint64) {
	for n := range a.count {
		word := wordOf(parcelKey(key, n), wordArrival)
		window := who.visitOf(uint32(word))
		minute := who.visits[window].from + below(uint32(word>>32), who.visits[window].span)
		e.order = append(e.order, arrivals{minute: minute, carrier: a.carrier, first: n, count: 1}.pack())
	}
}

// listShared deals the day's parcels to the visits.
func (e *engine) listShared(who *carrier, a arrivals, key uint64) {
	var dealt [maxVisits]int32
	for n := range a.count {
		dealt[who.visitOf(uint32(wordOf(parcelKey(key, n), wordArrival)))]++
	}
	for v := range who.visits {
		if dealt[v] > 0 {
			e.listVisit(who, v, key, arrivals{carrier: a.carrier, first: a.first, count: dealt[v]})
			a.first += dealt[v]
		}
	}
}

func (c *carrier) visitOf(random uint32) int {
	v := 0
	for random > c.visits[v].upTo {
		v++
	}
	return v
}

// deposit brings in the parcels of a visit.
func (e *engine) deposit(a arrivals, t int32) {
	m := e.m
	carrierKey := e.keys[a.carrier]
	taken := int32(0)
	var p parcel
	for n := a.first; n < a.first+a.count; n++ {
		key := parcelKey(carrierKey, n)
		word := wordOf(key, wordClass)
		p.class = 0
		for uint32(word) > m.classUpTo[p.class] {
			p.class++
		}
		p.household = below(uint32(word>>32), m.households)
		c := &m.classes[p.class]
		word = wordOf(key, wordLitres)
		p.litres = c.litresLow + c.litresSpan*float64(uint32(word))*0x1p-32
		p.coin = uint32(word >> 32)
		p.due = e.due(c, t, wordOf(key, wordStay))
		if e.put(&p, t, !m.quotas || e.allows(&m.carriers[a.carrier], taken)) {
			taken++
		}
	}
}

// allows says whether a carrier that took doors on this visit may take one more.
func (e *engine) allows(c *carrier, taken int32) bool {
	return e.freeTotal > c.leaveFree && (c.perVisit == 0 || taken < c.perVisit)
}

// due returns the minute at which a parcel of the class that comes at t is collected.
func (e *engine) due(c *class, t int32, random uint64) int32 {
	switch {
	case c.stay != nil:
		const longest = 2.0 * yearDays * dayMinutes // the far tail of a wide law must not leave the clock
		return e.postpone(t + int32(min(c.stay.at(random), longest)) + 1)
	case c.fixed > 0:
		return e.postpone(t + c.fixed)
	case c.sample != nil:
		return e.postpone(t + max(1, c.sample[below(uint32(random>>32), int32(len(c.sample)))]))
	}
	return e.postpone(t + c.commute.stay(t%weekMinutes, random))
}

// postpone moves a pick-up out of the hours when nobody can collect.
func (e *engine) postpone(due int32) int32 {
	if e.m.wait == nil {
		return due
	}
	return due + e.m.wait[due%weekMinutes]
}

// listLog lists the deliveries of a day of the log; those of one carrier in one minute are a visit.
func (e *engine) listLog(dayOf int) {
	first, end := e.m.log.firstOf[dayOf], e.m.log.firstOf[dayOf+1]
	for first < end {
		p := &e.m.log.parcels[first]
		a := arrivals{minute: p.minute, carrier: p.carrier, first: first, count: 1}
		for next := first + 1; next < end; next++ {
			q := &e.m.log.parcels[next]
			if q.minute != p.minute || q.carrier != p.carrier {
				break
			}
			a.count++
		}
		first += a.count
		e.order = append(e.order, a.pack())
	}
}

// depositLog brings in deliveries of the log, and draws what it does not say. Of a log that years are made of, a
// parcel comes as often as the week of the year weighs.
func (e *engine) depositLog(key uint64, a arrivals, t int32, weekOf int) {
	taken := int32(0)
	for n := a.first; n < a.first+a.count; n++ {
		k := parcelKey(key, n)
		copies := 1
		if e.m.blocks != nil {
			copies = e.m.blocks.copies(k, weekOf)
		}
		for again := range copies {
			p := e.logged(n, subkey(k, uint64(again)), k, again, t)
			if e.put(&p, t, !e.m.quotas || e.allows(&e.m.carriers[a.carrier], taken)) {
				taken++
			}
		}
	}
}

// logged is a parcel of the log. A copy of it is for another household.
func (e *engine) logged(n int32, copyKey, k uint64, again int, t int32) parcel {
	entry := &e.m.log.parcels[n]
	c := &e.m.classes[entry.class]
	household := entry.household
	if again > 0 {
		k = copyKey
		household = below(uint32(wordOf(k, wordClass)>>32), e.m.households)
	}
	word := wordOf(k, wordLitres)
	p := parcel{class: entry.class, household: household, litres: entry.litres, coin: uint32(word >> 32)}
	if p.litres == 0 {
		p.litres = c.litresLow + c.litresSpan*float64(uint32(word))*0x1p-32
	}
	if entry.dwell > 0 {
		p.due = t + entry.dwell
	} else {
		p.due = e.due(c, t, wordOf(k, wordStay))
	}
	return p
}
