package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"cubby/internal/sim/oracle"
)

// Total is what came of many runs together: the closing line of a campaign.
type Total struct {
	Runs       int                `json:"runs"`
	Violations []oracle.Violation `json:"violations"`
	Broken     int                `json:"broken"`
	SiteYears  float64            `json:"site_years"`
	Deliveries uint64             `json:"deliveries"`
	Openings   uint64             `json:"openings"`
	Counters   map[string]uint64  `json:"counters"`
	// Short names what was reached too seldom, with its count and its floor: a promise that was never
	// put to the test is not kept. Empty for too few site-years to say.
	Short []string `json:"short"`
	// Repeat holds the command of every run that broke a promise.
	Repeat []string `json:"repeat"`
	Hash   string   `json:"hash"` // of the hashes of all runs, in their order

	faults []Fault
}

// NewTotal returns the total of no run yet. faults are those that its runs allow.
func NewTotal(faults []Fault) *Total {
	return &Total{
		Violations: []oracle.Violation{}, Counters: map[string]uint64{}, Short: []string{}, Repeat: []string{}, faults: faults,
	}
}

// Add takes a run in.
func (t *Total) Add(r Result) {
	t.Runs++
	t.Broken += r.Broken
	t.SiteYears += r.SiteYears
	t.Deliveries += r.Deliveries
	t.Openings += r.Openings
	for name, n := range r.Counters {
		t.Counters[name] += n
	}
	t.Violations = append(t.Violations, r.Violations[:min(len(r.Violations), maxTold)]...)
	if r.Broken > 0 {
		t.Repeat = append(t.Repeat, r.Repeat)
	}
	sum := sha256.Sum256([]byte(t.Hash + r.Hash))
	t.Hash = hex.EncodeToString(sum[:16])
	t.Short = t.short()
}

// maxTold is how many violations of one run a total lists.
const maxTold = 3

// OK reports whether every promise was kept and put to the test often enough.
func (t *Total) OK() bool { return t.Broken == 0 && len(t.Short) == 0 }

// short compares the counters with their floors.
func (t *Total) short() []string {
	short := []string{}
	for _, f := range floors() {
		if f.needs != "" && !slices.Contains(t.faults, f.needs) {
			continue
		}
		years := f.years(t)
		least := uint64(f.perYear * years)
		if least < leastFloor {
			continue
		}
		if got := t.Counters[f.counter]; got < least {
			short = append(short, fmt.Sprintf("%s: %d, at least %d in %.1f site-years", f.counter, got, least, years))
		}
	}
	return short
}

// Repeat returns the command that plays a run again and tells its story.
func (o Options) Repeat() string {
	faults := "none"
	switch {
	case len(o.Faults) == len(Faults()):
		faults = "all"
	case len(o.Faults) > 0:
		names := make([]string, len(o.Faults))
		for i, f := range o.Faults {
			names[i] = string(f)
		}
		faults = strings.Join(names, ",")
	}
	return fmt.Sprintf("cubby sim --seed %d --days %d --sites %d --faults %s --trace", o.Seed, o.Days, max(o.Sites, 1), faults)
}
