package journal

import (
	"crypto/sha256"
	"hash"

	"golang.org/x/mod/sumdb/tlog"
)

// scan walks the records of one epoch in order and finds the first that is wrong. After that it
// looks at the following ones only to say what was done: a record that turns up later was swapped,
// a chain that goes on after it means something was put in before it, and otherwise the count
// decides between taken out and changed.
type scan struct {
	epoch uint64
	next  uint64 // number that the next record must have
	count uint64 // records seen, those before the start included
	chain [32]byte
	front *Frontier // nil when the start is in the middle and the tree is not known there
	good  uint64    // size of the last head that fitted

	before [32]byte // chain before the last good record
	last   uint64   // number of the last good record, 0 before the first
	fault  *Fault   // final
	doubt  *Fault   // a head does not fit; the next record may say why
	gap    bool     // a number is missing
	bad    *Record  // does not follow
	found  *[32]byte

	leaf *tlog.Hash // of the record that comes next; nil: not hashed yet
	h    hash.Hash
}

// newScan starts after record `after`, whose chain value and frontier are given.
func newScan(epoch, after uint64, chain [32]byte, front *Frontier) *scan {
	return &scan{
		epoch: epoch, next: after + 1, count: after, good: after,
		chain: chain, before: chain, front: front, h: sha256.New(),
	}
}

func (s *scan) follows(prev [32]byte, r *Record) bool { return nextChain(s.h, prev, r.Body) == r.Chain }

// clean reports whether nothing is wrong so far.
func (s *scan) clean() bool { return s.fault == nil && s.doubt == nil && !s.gap && s.bad == nil }

func (s *scan) record(r *Record) {
	s.count++
	switch {
	case s.fault != nil:
	case s.doubt != nil:
		if s.fault = s.doubt; s.continuesBefore(r) {
			s.set(KindInserted, s.next-1)
		}
	case s.gap:
		if r.Number == s.next {
			s.set(KindSwapped, s.next)
		}
	case s.bad != nil:
		s.classify(r)
	case r.Number < s.next:
		s.set(KindInserted, r.Number)
	case r.Number > s.next:
		s.gap = true
	case s.follows(s.chain, r):
		s.accept(r)
	case s.continuesBefore(r):
		s.set(KindInserted, s.next-1)
	default:
		s.bad = r
	}
}

// continuesBefore reports whether r goes on from before the last good record, which then does not
// belong there.
func (s *scan) continuesBefore(r *Record) bool {
	return s.last == s.next-1 && s.last > 0 && s.follows(s.before, r)
}

func (s *scan) accept(r *Record) {
	s.before, s.chain = s.chain, r.Chain
	s.last = r.Number
	if s.front != nil {
		if s.leaf != nil {
			s.front.Append(*s.leaf)
		} else {
			s.front.AppendBody(r.Body)
		}
	}
	s.next++
}

// classify looks at a record after the bad one.
func (s *scan) classify(r *Record) {
	switch {
	case s.found != nil:
		if s.follows(*s.found, r) {
			s.set(KindInserted, s.next)
		} else {
			s.set(KindSwapped, s.next)
		}
	case s.follows(s.chain, r):
		s.found = &r.Chain
	case nextChain(s.h, s.chain, r.Body) == s.bad.Chain:
		s.set(KindSwapped, s.next)
	}
}

// head compares a root that somebody signed for the records so far.
func (s *scan) head(size uint64, root tlog.Hash) {
	if !s.clean() || s.front == nil || size != s.next-1 {
		return
	}
	if s.front.Root() != root {
		s.doubt = &Fault{Kind: KindRewritten, Epoch: s.epoch, Number: s.good + 1, Through: size}
		if size == s.good { // an earlier head of the same size fitted: the heads differ, not the records
			s.doubt = &Fault{Kind: KindHead, Epoch: s.epoch, Number: size, Detail: "another head of this size fits"}
		}
		return
	}
	s.good = size
}

// end says that there are no more records, though size of them are known to have been there.
func (s *scan) end(size uint64) *Fault {
	switch {
	case s.fault != nil:
	case s.doubt != nil:
		s.fault = s.doubt
	case s.gap:
		s.set(KindRemoved, s.next)
	case s.bad != nil && s.found != nil:
		if s.count <= size || s.follows(*s.found, s.bad) {
			s.set(KindSwapped, s.next)
		} else {
			s.set(KindInserted, s.next)
		}
	case s.bad != nil && s.count < size:
		s.set(KindRemoved, s.next)
	case s.bad != nil && s.count > size:
		s.set(KindInserted, s.next)
	case s.bad != nil:
		s.set(KindFlipped, s.next)
	case s.count < size:
		s.set(KindTruncated, s.next)
	case s.count > size:
		s.set(KindInserted, size+1)
	}
	return s.fault
}

func (s *scan) set(kind Kind, number uint64) {
	s.fault = &Fault{Kind: kind, Epoch: s.epoch, Number: number}
}
