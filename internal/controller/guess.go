package controller

import (
	"cubby/internal/credential"
	"cubby/internal/locker"
)

// waited is the time by which spent guesses come back. It counts only what a boot's monotonic clock
// saw go by, so that no jump of the wall clock buys a guess: not forward, not back, not across a
// restart. What passed while the controller was off is not known, and gives nothing back. It starts
// at the site's time, and is never ahead of what truly passed since.
type waited struct {
	At   locker.Millis `json:"at"`
	Boot string        `json:"boot"` // that Mono is of
	Mono int64         `json:"mono"` // the latest moment that was counted
	Site locker.Millis `json:"site"` // the site's time then
}

// advance moves to a moment of a boot. Another boot than before has seen no more than its own
// monotonic clock says, and, where two processes share a record, no more than the site's time says.
func (p *waited) advance(boot string, monoMS int64, site locker.Millis) {
	switch {
	case p.At == 0:
		p.At = site
	case p.Boot == boot:
		p.At += locker.Millis(max(monoMS-p.Mono, 0))
		monoMS = max(monoMS, p.Mono)
	default:
		p.At += min(locker.Millis(max(monoMS, 0)), max(site-p.Site, 0))
	}
	p.Boot, p.Mono, p.Site = boot, monoMS, max(site, p.Site)
}

// baseLimits are the limits of wrong codes before they are fitted to the codes that are valid: those
// of the options, with the number of guesses that the site's policy names.
func baseLimits(limits credential.Limits, policy locker.Policy) credential.Limits {
	if limits == (credential.Limits{}) {
		limits = credential.DefaultLimits()
	}
	return limits.Guesses(policy.Guesses)
}

// checkLimits refuses limits that were asked for and are too weak at a site of the usual size. The
// defaults are lowered instead, by fitGuesses: a site never stops for having grown.
func checkLimits(limits credential.Limits) error {
	if limits == (credential.Limits{}) {
		return nil
	}
	policy := credential.DefaultPolicy()
	policy.Limits = limits
	return credential.Assess(policy, credential.DefaultCounts()).Wrong
}

// codeCounts counts the codes that are valid now, or may be while nobody looks: a door that is empty
// has a code as soon as a parcel lies in it.
func (m *Machine) codeCounts() credential.Counts {
	d := m.state.Directory
	counts := credential.DefaultCounts()
	live, under := 0, map[locker.UnitID]int{}
	count := func(st *locker.Stay) {
		_, unit := m.state.Holder(st)
		if under[unit]++; unit != "" {
			counts.PerNumber = max(counts.PerNumber, under[unit])
		}
	}
	for _, st := range m.state.Matter.Live() {
		live++
		count(st)
	}
	live = max(live, len(d.PlaceIDs()))
	for _, g := range d.Grants {
		if !g.Revoked {
			live++
		}
		if st := m.state.Matter.Stays[g.Stay]; st != nil && !g.Revoked {
			count(st)
		}
	}
	for _, c := range d.Couriers {
		if !c.Revoked {
			live++
		}
	}
	for _, s := range d.Staff {
		if !s.Revoked {
			live++
		}
	}
	counts.Live = max(counts.Live, live)
	return counts
}

// fitGuesses lowers the limits of wrong codes until a stranger's chance is what is allowed with the
// codes that are valid now. What was spent stays spent.
func (m *Machine) fitGuesses() {
	m.guessesStale = false
	policy := credential.DefaultPolicy()
	policy.Limits = baseLimits(m.opts.Limits, m.state.Directory.Policy)
	counts := m.codeCounts()
	usual := baseLimits(m.opts.Limits, locker.Policy{})
	if policy.Limits.Site.N > usual.Site.N && credential.Check(policy, counts) != nil {
		policy.Limits = usual // more was asked for than the codes bear
	}
	fitted, err := credential.Fit(policy, counts)
	if err != nil { // more codes than an index holds: the strictest limits there are stay
		return
	}
	_ = m.budget.Limit(fitted.Limits) // Fit returns none that are out of range
}

// maxFreeNotes bounds how often in an hour it is recorded that somebody tried what costs no guess: a
// code that was right once, or a token of 128 bits. Else a program could fill the record with them.
const maxFreeNotes = 60

// noteFree records a wrong code that costs no guess, unless there were too many in this hour.
func (m *Machine) noteFree(f locker.CodeRefused) {
	const hourMS = 60 * 60 * 1000
	if m.now.MonoMS-m.freeSince >= hourMS {
		m.freeSince, m.freeNotes = m.now.MonoMS, 0
	}
	if m.freeNotes++; m.freeNotes > maxFreeNotes {
		return
	}
	m.must(locker.RefuseCode{Fact: f})
}
