package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Fault is a kind of thing that goes wrong. The zero value is invalid.
type Fault string

// The faults. The specification's table says what must hold under each.
const (
	FaultPower     Fault = "power"     // the power goes at any moment, also between two effects
	FaultFsync     Fault = "fsync"     // the disk reports an error: the process ends and recovers
	FaultFull      Fault = "full"      // the disk is full for a while
	FaultLie       Fault = "lie"       // the disk says that it has written what it then loses with the power
	FaultTorn      Fault = "torn"      // the journal is found torn: it is sealed and another begins
	FaultBlank     Fault = "blank"     // the computer is replaced by one that knows nothing
	FaultPartition Fault = "partition" // the link is cut for up to 30 days, or half of it
	FaultLoss      Fault = "loss"      // messages are lost
	FaultRepeat    Fault = "repeat"    // messages come up to three times, old ones again
	FaultDelay     Fault = "delay"     // messages are late and overtake each other
	FaultServer    Fault = "server"    // the server is down, or a transaction fails
	FaultClock     Fault = "clock"     // wall clocks jump and drift
	FaultStuck     Fault = "stuck"     // locks jam, doors open late
	FaultSensor    Fault = "sensor"    // sensors lie or bounce
	FaultNoise     Fault = "noise"     // frames on the line are lost, boards fall silent
	FaultPeople    Fault = "people"    // people abandon, leave doors open, take or leave the wrong thing
	FaultForce     Fault = "force"     // doors are forced
	FaultGuess     Fault = "guess"     // somebody guesses codes
	FaultRemote    Fault = "remote"    // staff far away ask for far more openings than they may
	FaultHostile   Fault = "hostile"   // the server is in the hands of somebody who wants doors open
	FaultOlder     Fault = "older"     // the server comes back with an older state of the record
	FaultRevoke    Fault = "revoke"    // rights are taken back
)

// Faults returns every fault, in the order of their names in the specification's table.
func Faults() []Fault {
	return []Fault{
		FaultPower, FaultFsync, FaultFull, FaultPartition, FaultLoss, FaultRepeat, FaultDelay, FaultServer, FaultClock,
		FaultStuck, FaultSensor, FaultNoise, FaultPeople, FaultForce, FaultGuess, FaultRemote, FaultRevoke,
		FaultHostile, FaultOlder,
		FaultLie, FaultTorn, FaultBlank,
	}
}

// ParseFaults reads "all", "none" or names with commas between them.
func ParseFaults(text string) ([]Fault, error) {
	switch text {
	case "", "all":
		return Faults(), nil
	case "none":
		return nil, nil
	}
	var found []Fault
	for name := range strings.SplitSeq(text, ",") {
		f := Fault(strings.TrimSpace(name))
		if !slices.Contains(Faults(), f) {
			return nil, fmt.Errorf("there is no fault %q; use all, none or some of %v", name, Faults())
		}
		found = append(found, f)
	}
	return found, nil
}

// swarm is how likely each fault is in one seed: many seeds with few kinds of fault find more than
// every fault in every seed, because faults mask each other.
type swarm map[Fault]float64

// swarmOn is the share of seeds in which a fault that is allowed is on.
const swarmOn = 0.4

// calmSeed is the last digit of the seeds in which nothing goes wrong: only there can a bound of time be
// held against everything. fewSeed is that of those with one or two kinds of fault.
const (
	calmSeed = 5
	fewSeed  = 6
	swarmFew = 0.08
)

func drawSwarm(seed uint64, r *rand.Rand, allowed []Fault) swarm {
	share := swarmOn
	switch seed % 10 {
	case calmSeed:
		share = 0
	case fewSeed:
		share = swarmFew
	}
	s := swarm{}
	for _, f := range Faults() {
		on, rate := r.Float64() < share, 0.1+0.9*r.Float64()
		if on && slices.Contains(allowed, f) {
			s[f] = rate
		}
	}
	return s
}

// on reports whether the fault happens in this seed at all.
func (s swarm) on(f Fault) bool { return s[f] > 0 }

// hits draws whether a fault strikes now; most is its probability at the highest rate.
func (w *world) hits(f Fault, most float64) bool {
	rate := w.faults[f]
	if rate == 0 || w.healing {
		return false
	}
	if w.rand.Float64() >= rate*most {
		return false
	}
	w.counters["fault "+string(f)]++
	return true
}

// every calls strike again and again, some mean time apart at the highest rate.
func (w *world) every(f Fault, mean time.Duration, strike func()) {
	rate := w.faults[f]
	if rate == 0 {
		return
	}
	w.after(w.expo(time.Duration(float64(mean)/rate)), func() {
		if w.healing {
			return
		}
		w.counters["fault "+string(f)]++
		strike()
		w.every(f, mean, strike)
	})
}
