package sim

// enough is the least number of site-years that floors are held against: faults are drawn by seed, and
// a few seeds may well be without one.
const enough = 2

// floor is how often something must happen at least, so that a workload that stops reaching a path is
// noticed. The floors are about a fifth of what was measured over 20 site-years.
type floor struct {
	counter string
	needs   Fault // only when this fault is allowed
	perYear float64
}

func floors() []floor {
	return []floor{
		{counter: "deliveries", perYear: 5_000},
		{counter: "openings", perYear: 10_000},
	}
}
