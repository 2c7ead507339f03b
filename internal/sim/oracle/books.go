package oracle

// books is what the record says, apart from what is so: the part of the truth that goes with the disk.
type books struct {
	stays    map[string]stay
	requests map[string]request
	doubted  map[string]bool
	intents  map[string]bool
	service  bool
	clock    bool
	ended    tally
}

// keep copies the books.
func (t *truth) keep() *books {
	b := &books{
		stays: map[string]stay{}, requests: map[string]request{}, doubted: map[string]bool{}, intents: map[string]bool{},
		service: t.service, clock: t.clock, ended: t.ended,
	}
	for id, st := range t.stays {
		b.stays[id] = *st
	}
	for id, r := range t.requests {
		b.requests[id] = *r
	}
	for place, doubted := range t.doubted {
		b.doubted[place] = doubted
	}
	for id, answered := range t.intents {
		b.intents[id] = answered
	}
	return b
}

// lose puts the books back to where the disk really stood. What was laid in meanwhile is where nobody looks
// for it, until staff do.
func (t *truth) lose() {
	b := t.honest
	if b == nil {
		return
	}
	t.stays, t.booked, t.requests = map[string]*stay{}, map[string]map[string]*stay{}, map[string]*request{}
	t.doubted, t.intents, t.service, t.clock, t.ended = b.doubted, b.intents, b.service, b.clock, b.ended
	for _, st := range b.stays {
		t.book(&st)
		if st.over() {
			delete(t.booked[st.place], st.id)
		}
	}
	for id, r := range b.requests {
		t.requests[id] = &r
	}
	for place, inside := range t.inside {
		for parcel, c := range inside {
			if c.at >= t.lied {
				c.unseen = true
				t.inside[place][parcel] = c
			}
		}
	}
	t.honest = nil
}
