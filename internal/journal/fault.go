package journal

import "fmt"

// Kind says what was done to a journal.
type Kind int

// The kinds of fault. The zero Kind is none of them.
const (
	KindFlipped     Kind = iota + 1 // the record is there with other bytes
	KindRemoved                     // the record was taken out
	KindInserted                    // the record was put in
	KindSwapped                     // the record stands where another belongs
	KindTruncated                   // the record and all after it are gone, though a head or the tip covers them
	KindRewritten                   // the chain fits, a signed head does not: records were made anew
	KindHead                        // the head that covers the record is unreadable or not signed by the site
	KindTip                         // the end of the epoch says something else than its records
	KindMissing                     // the whole epoch is gone
	KindRolledBack                  // the file is older than what this site has signed since
	KindUnreadable                  // the file cannot be read at that place
	KindUnpublished                 // the head that was published on a day is not in the record
)

// String returns the kind as one lower-case word.
func (k Kind) String() string {
	switch k {
	case KindFlipped:
		return "flipped"
	case KindRemoved:
		return "removed"
	case KindInserted:
		return "inserted"
	case KindSwapped:
		return "swapped"
	case KindTruncated:
		return "truncated"
	case KindRewritten:
		return "rewritten"
	case KindHead:
		return "bad head"
	case KindTip:
		return "bad tip"
	case KindMissing:
		return "missing"
	case KindRolledBack:
		return "rolled back"
	case KindUnreadable:
		return "unreadable"
	case KindUnpublished:
		return "not what was published"
	}
	return fmt.Sprintf("kind %d", int(k))
}

// Fault is the first thing that is wrong in an epoch.
type Fault struct {
	Kind  Kind
	Epoch uint64 // 0 when the whole file is meant
	// Number is the first bad record, 0 when the fault is not at a record.
	Number uint64
	// Through is above Number only for KindRewritten, where the bad record is one of Number to
	// Through and the hashes cannot say which.
	Through uint64
	Detail  string // for people, may be empty
}

// String returns the fault in words.
func (f Fault) String() string {
	var s string
	switch {
	case f.Epoch == 0:
		s = "file " + f.Kind.String()
	case f.Number == 0:
		s = fmt.Sprintf("epoch %d %v", f.Epoch, f.Kind)
	case f.Through > f.Number:
		s = fmt.Sprintf("epoch %d records %d to %d %v", f.Epoch, f.Number, f.Through, f.Kind)
	default:
		s = fmt.Sprintf("epoch %d record %d %v", f.Epoch, f.Number, f.Kind)
	}
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	return s
}

// Sentence says what the fault means, for people.
func (f Fault) Sentence() string {
	switch f.Kind {
	case KindFlipped:
		return "The record was changed after it was written."
	case KindRemoved:
		return "The record was taken out."
	case KindInserted:
		return "The record was put in later."
	case KindSwapped:
		return "Another record stands where this one belongs."
	case KindTruncated:
		return "This record and all after it were cut off."
	case KindRewritten:
		return "One of these records was changed and the ones after it written anew: a signed head says something else."
	case KindHead:
		return "The signed head that covers the record is damaged, or not signed by the key that was given."
	case KindTip:
		return "The end of the record was changed: it says something else than its last record."
	case KindMissing:
		return "The whole epoch was taken out."
	case KindRolledBack:
		return "The file is an older copy: newer records were signed since."
	case KindUnreadable:
		return "The file is damaged at that place."
	case KindUnpublished:
		return "None of the heads published that day is in this record: from here on it was changed or cut off, or the site is younger than that day."
	}
	return "The record does not verify."
}
