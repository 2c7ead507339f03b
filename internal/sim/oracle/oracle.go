package oracle

import "fmt"

// Violation is a promise that was broken.
type Violation struct {
	Promise string `json:"promise"` // I1, I1b, …
	Site    string `json:"site"`
	At      int64  `json:"at"` // true time, milliseconds
	Text    string `json:"text"`
}

// String returns the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s at %s, %d ms: %s", v.Promise, v.Site, v.At, v.Text)
}

// maxViolations bounds what one run keeps: the first few tell the story.
const maxViolations = 20

// checker judges one promise.
type checker interface {
	// name returns the promise's name, e.g. "I13".
	name() string
	// see takes an event. The truth has taken it already.
	see(t *truth, ev Event)
	// exercised returns how often the promise was put to the test.
	exercised() uint64
}

// judge is what checkers embed: the count and the place where violations go.
type judge struct {
	promise string
	count   uint64
	report  func(Violation)
}

func (j *judge) name() string      { return j.promise }
func (j *judge) exercised() uint64 { return j.count }

// hold counts one exercise of the promise, and reports it broken unless ok.
func (j *judge) hold(ok bool, ev Event, format string, args ...any) {
	j.count++
	if !ok {
		h := ev.head()
		j.report(Violation{Promise: j.promise, Site: h.Site, At: h.At, Text: fmt.Sprintf(format, args...)})
	}
}

// Oracle is the truth and its checkers. It is for one goroutine.
type Oracle struct {
	sites      map[string]*truth
	checkers   []checker
	violations []Violation
	broken     int
}

// New returns an oracle that knows nothing yet.
func New() *Oracle {
	o := &Oracle{sites: map[string]*truth{}}
	made := func(promise string) judge { return judge{promise: promise, report: o.violate} }
	o.checkers = []checker{
		newGrantChecker(made("I1")), newRevocationChecker(made("I1b")), newSharingChecker(made("I2")),
		newConservationChecker(made("I3")), newNoticeChecker(made("I4")), newRecordChecker(made("I5")),
		newDurabilityChecker(made("I6")), newGuessingChecker(made("I7")), newLockedChecker(made("I8")),
		newLivenessChecker(made("I11")), newConvergenceChecker(made("I12")), newGovernorChecker(made("I13")),
	}
	return o
}

func (o *Oracle) violate(v Violation) {
	o.broken++
	if len(o.violations) < maxViolations {
		o.violations = append(o.violations, v)
	}
}

// See takes an event. Events come in the order of their times, site by site.
func (o *Oracle) See(ev Event) {
	site := ev.head().Site
	t := o.sites[site]
	if t == nil {
		t = newTruth()
		o.sites[site] = t
	}
	t.take(ev)
	if _, day := ev.(DayPassed); day {
		t.forget(ev.head().At)
	}
	for _, c := range o.checkers {
		c.see(t, ev)
	}
}

// Violations returns the first violations, in the order in which they were seen.
func (o *Oracle) Violations() []Violation { return o.violations }

// Broken returns how many violations there were.
func (o *Oracle) Broken() int { return o.broken }

// Exercised returns how often each promise was put to the test, by its name.
func (o *Oracle) Exercised() map[string]uint64 {
	counts := map[string]uint64{}
	for _, c := range o.checkers {
		counts[c.name()] += c.exercised()
	}
	return counts
}

// Promises returns the names of all promises that are checked.
func (o *Oracle) Promises() []string {
	names := make([]string, 0, len(o.checkers))
	for _, c := range o.checkers {
		names = append(names, c.name())
	}
	return names
}
