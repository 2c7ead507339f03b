package sim

const (
	// enough is the least number of site-years that floors are held against: faults are drawn by seed, and
	// a few seeds may well be without one.
	enough = 5
	// enoughReal is the same for those over the production's server.
	enoughReal = 0.1
	// leastFloor is the lowest floor that is held: below it chance has its say.
	leastFloor = 3
)

// floor is how often something must happen at least, so that a workload that stops reaching a path is
// noticed.
type floor struct {
	counter string
	needs   Fault // only when this fault is allowed; empty: always
	perYear float64
	real    bool // of a year over the production's server, of which there are few
}

// realDaysCounter counts the days over the production's server.
const realDaysCounter = "real days"

// years returns the site-years that a floor is held against, 0 for too few to say.
func (f floor) years(t *Total) float64 {
	years, least := t.SiteYears, float64(enough)
	if f.real {
		years, least = float64(t.Counters[realDaysCounter])/365, enoughReal
	}
	if years < least {
		return 0
	}
	return years
}

// floors returns all floors: about a fifth of what 6.7 site-years of all faults came to. A checker's floor
// stands under the name of its promise.
func floors() []floor {
	return []floor{
		{counter: "deliveries", perYear: 5_000},
		{counter: "collections", perYear: 5_000},
		{counter: "openings", perYear: 10_000},
		{counter: "notices", perYear: 5_000},
		{counter: "records", perYear: 50_000},
		{counter: "two at once", perYear: 30},
		{counter: "intents", perYear: 200},
		{counter: "at the desk", perYear: 50},
		{counter: "snapshots", perYear: 50},
		{counter: "fact undo_requested", perYear: 50},
		{counter: "I1", perYear: 50_000},
		{counter: "I2", perYear: 10_000},
		{counter: "I3", perYear: 5_000},
		{counter: "I4", perYear: 10_000},
		{counter: "I5", perYear: 50_000},
		{counter: "I6", perYear: 50_000},
		{counter: "I7", perYear: 200},
		{counter: "I8", perYear: 30_000},
		{counter: "I11", perYear: 200},
		{counter: "I12", perYear: 2},
		{counter: "I13", perYear: 10_000},
		{counter: "I1b", needs: FaultRevoke, perYear: 25},
		{counter: "revoked tried", needs: FaultRevoke, perYear: 12},
		{counter: "abandoned at courier_ready", needs: FaultPeople, perYear: 25},
		{counter: "abandoned at courier_recipient", needs: FaultPeople, perYear: 15},
		{counter: "abandoned at courier_size", needs: FaultPeople, perYear: 8},
		{counter: "abandoned at open", needs: FaultPeople, perYear: 20},
		{counter: "abandoned at opening", needs: FaultPeople, perYear: 2},
		{counter: "abandoned at ask_stored", needs: FaultPeople, perYear: 2},
		{counter: "left behind", needs: FaultPeople, perYear: 25},
		{counter: "left open", needs: FaultPeople, perYear: 100},
		{counter: "shut empty", needs: FaultPeople, perYear: 15},
		{counter: "fault power", needs: FaultPower, perYear: 30},
		{counter: "fault torn", needs: FaultTorn, perYear: 1},
		{counter: "fault fsync", needs: FaultFsync, perYear: 5},
		{counter: "records lost by a lying disk", needs: FaultLie, perYear: 2},
		{counter: "behind the server", needs: FaultLie, perYear: 1},
		{counter: "fault full", needs: FaultFull, perYear: 1.5},
		{counter: "rebased", needs: FaultFull, perYear: 50},
		{counter: "replaced", needs: FaultBlank, perYear: 0.5},
		{counter: "fault partition", needs: FaultPartition, perYear: 0.6},
		{counter: "fault loss", needs: FaultLoss, perYear: 3_000},
		{counter: "fault repeat", needs: FaultRepeat, perYear: 2_000},
		{counter: "repeated records", needs: FaultRepeat, perYear: 2_000},
		{counter: "fault delay", needs: FaultDelay, perYear: 2_000},
		{counter: "fault server", needs: FaultServer, perYear: 300},
		{counter: "server went back", needs: FaultOlder, perYear: 8},
		{counter: "fault clock", needs: FaultClock, perYear: 8},
		{counter: "fact clock_doubted", needs: FaultClock, perYear: 30},
		{counter: "jammed", needs: FaultStuck, perYear: 20},
		{counter: "bounced", needs: FaultSensor, perYear: 40},
		{counter: "fault noise", needs: FaultNoise, perYear: 150},
		{counter: "fault force", needs: FaultForce, perYear: 3},
		{counter: "guesses", needs: FaultGuess, perYear: 1_000},
		{counter: "fault remote", needs: FaultRemote, perYear: 15},
		{counter: "audits", perYear: 1_500, real: true},
		{counter: "audits with the controller", perYear: 1_000, real: true},
		{counter: "real first", perYear: 4_000, real: true},
		{counter: "incident unexpected_open", needs: FaultForce, perYear: 4, real: true},
		{counter: "attacks", needs: FaultHostile, perYear: 300},
	}
}
