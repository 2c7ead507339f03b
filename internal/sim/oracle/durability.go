package oracle

// durabilityChecker holds I6: nothing that a person was told or that the server acknowledged is lost.
type durabilityChecker struct {
	judge
	acked map[string]map[position][32]byte
}

func newDurabilityChecker(j judge) *durabilityChecker {
	return &durabilityChecker{judge: j, acked: map[string]map[position][32]byte{}}
}

func (c *durabilityChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Told:
		st := t.stays[e.Stay]
		c.hold(st != nil && (e.What != "stored" || st.storedAt != 0), e, "somebody was told that stay %s is %s, and the record does not say so", e.Stay, e.What)
	case Recovered:
		c.hold(e.Epoch == e.DiskEpoch && e.Number == e.DiskNumber, e, "the start reached %d/%d, the disk holds %d/%d",
			e.Epoch, e.Number, e.DiskEpoch, e.DiskNumber)
	case Committed:
		at := position{epoch: e.Epoch, number: e.Number}
		acked := c.acked[e.Site]
		if acked == nil {
			acked = map[position][32]byte{}
			c.acked[e.Site] = acked
		}
		old, again := acked[at]
		c.hold(!again || old == e.Sum, e, "the server has two records %d/%d", e.Epoch, e.Number)
		acked[at] = e.Sum
	case Acknowledged:
		c.hold(e.Epoch == e.GivenEpoch && e.Number == e.GivenNumber, e, "the server says that it has %d/%d, and was given up to %d/%d in order",
			e.Epoch, e.Number, e.GivenEpoch, e.GivenNumber)
	case Lost: // nothing that was promised on such a disk can be held
		for at := range c.acked[e.Site] {
			if at.epoch > e.Epoch || at.epoch == e.Epoch && at.number > e.Number {
				delete(c.acked[e.Site], at)
			}
		}
	case Replaced:
		delete(c.acked, e.Site)
	case Record:
		at := position{epoch: e.Epoch, number: e.Number}
		if sum, ok := c.acked[e.Site][at]; ok {
			c.hold(sum == sum256(e.Body), e, "the server acknowledged another record %d/%d than the disk holds", e.Epoch, e.Number)
			delete(c.acked[e.Site], at)
		}
	case Drained: // the records of the disk were told before
		c.hold(len(c.acked[e.Site]) == 0, e, "the server acknowledged %d records that the disk has not got", len(c.acked[e.Site]))
	}
}
