package journal

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// addPublished takes the heads of the journal's site that came with publications as trusted ones, and checks
// that one publication goes on from the one of the day before.
func (k *keys) addPublished(all []Published) error {
	k.published = slices.SortedFunc(slices.Values(all), func(a, b Published) int { return cmp.Compare(a.Day, b.Day) })
	for i, p := range k.published {
		if i > 0 && contradict(k.published[i-1], p) {
			return fmt.Errorf("%w: the publication of %s does not go on from that of %s: the operator has published two", ErrBadHead,
				p.Day, k.published[i-1].Day)
		}
		for _, msg := range p.Heads {
			if c, err := OpenCheckpoint(msg); err == nil && c.Site == k.site { // others are of other sites
				k.trusted[c.Epoch] = append(k.trusted[c.Epoch], Head{Epoch: c.Epoch, Size: c.Size, Note: msg})
			}
		}
	}
	return nil
}

// contradict reports whether q cannot be in one row with p, which is not of a later day. Of two that are days
// apart nothing can be said: there may be others between them.
func contradict(p, q Published) bool {
	before, err := time.Parse(time.DateOnly, p.Day)
	switch {
	case err != nil:
		return true // ParsePublication has read it
	case p.Day == q.Day:
		return p.Sum != q.Sum
	case before.AddDate(0, 0, 1).Format(time.DateOnly) == q.Day:
		return q.Prev != p.Sum
	}
	return false
}

// fitted notes which publications name a head that is the root over the records that were read.
func (k *keys) fitted(h checkedHead) {
	for i := range k.published {
		if k.published[i].Holds(h.sum) {
			k.seen[i] = Position{Epoch: h.Epoch, Number: h.Size}
		}
	}
}

// checkPublished puts a fault into the report when a publication holds no head of a journal that has none
// otherwise: after the newest head that was published before.
func (k *keys) checkPublished(report *Report) {
	if report.Fault() != nil || len(report.Epochs) == 0 {
		return
	}
	last := Position{Epoch: report.Epochs[0].Epoch}
	for i, p := range k.published {
		at, ok := k.seen[i]
		if ok {
			last = at
			continue
		}
		fault := &Fault{Kind: KindUnpublished, Epoch: last.Epoch, Number: last.Number + 1, Detail: p.Day}
		for e := range report.Epochs {
			if report.Epochs[e].Epoch == last.Epoch {
				report.Epochs[e].Fault = fault
			}
		}
		return
	}
	report.Published = len(k.published)
}
