package oracle

import "crypto/sha256"

func sum256(b []byte) [32]byte { return sha256.Sum256(b) }

// recordChecker holds I5: each record holds the hash of the one before it, numbers have no gap, and
// whatever is changed in a copy is found and named.
type recordChecker struct {
	judge
	last map[string]position // by site
}

type position struct {
	epoch, number uint64
	chain         [32]byte
}

func newRecordChecker(j judge) *recordChecker {
	return &recordChecker{judge: j, last: map[string]position{}}
}

func (c *recordChecker) see(_ *truth, ev Event) {
	switch e := ev.(type) {
	case Record:
		last := c.last[e.Site]
		if e.Number == 1 {
			c.hold(e.Epoch > last.epoch, e, "epoch %d begins after epoch %d", e.Epoch, last.epoch)
			last = position{epoch: e.Epoch, chain: e.Prev}
		}
		c.hold(e.Epoch == last.epoch && e.Number == last.number+1, e, "record %d/%d follows %d/%d", e.Epoch, e.Number, last.epoch, last.number)
		chain := sha256.Sum256(append(last.chain[:], e.Body...))
		c.hold(chain == e.Chain, e, "record %d/%d does not hold the hash of what is before it", e.Epoch, e.Number)
		c.last[e.Site] = position{epoch: e.Epoch, number: e.Number, chain: e.Chain}
	case Tampered:
		c.hold(e.Found, e, "%s at record %d was not found", e.What, e.Number)
		if e.Found && e.NamesExactly {
			c.hold(e.Named == e.Number, e, "%s at record %d was found at record %d", e.What, e.Number, e.Named)
		}
	}
}
