package sim_test

import (
	"strconv"
	"strings"
	"testing"

	"cubby/internal/sim"
)

// play runs a seed and fails the test on every promise that it breaks.
func play(t *testing.T, opts sim.Options) sim.Result {
	t.Helper()
	r, err := sim.Run(t.Context(), opts)
	if err != nil {
		t.Fatalf("%v; again: %s", err, r.Repeat)
	}
	for _, v := range r.Violations {
		t.Errorf("%s; again: %s", v, r.Repeat)
	}
	if len(r.Violations) == 0 && r.Broken > 0 {
		t.Errorf("%d promises broken; again: %s", r.Broken, r.Repeat)
	}
	return r
}

// TestNamed plays the seed of every fault that the simulator has found, so that it does not come back.
func TestNamed(t *testing.T) {
	t.Parallel()
	for _, n := range named() {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			faults, err := sim.ParseFaults(n.faults)
			if err != nil {
				t.Fatal(err)
			}
			play(t, sim.Options{Seed: n.seed, Days: n.days, Faults: faults})
		})
	}
}

// seed is a run that once broke a promise.
type seed struct {
	name   string
	seed   uint64
	days   int
	faults string
}

// named returns those runs. Beside each fix stands a test of the code that was wrong; these are the stories.
func named() []seed {
	return []seed{
		// A code opens all doors of its holder; what the household shared in the second stayed on record for ever.
		{name: "a household's parcel in the second door", seed: 2, days: 10, faults: "none"},
		// A server that lies about the time and restarts the site had the limit of remote openings anew each minute.
		{name: "a wrong time and a restart", seed: 12, days: 20, faults: "hostile"},
		// A journal that was sealed while the clock was wrong began its epoch with a record of the old one: no start
		// ever got through again.
		{name: "a sealed journal and a wrong clock", seed: 32, days: 10, faults: "torn,clock"},
		// Staff said that something lay in a door with nothing on record, which freed it for the next courier.
		{name: "a parcel that is on no record", seed: 7, days: 20, faults: "blank"},
		// A site whose journal had lost what the server had went on under numbers that the server did not take.
		{name: "the server has more", seed: 7, days: 15, faults: "lie"},
		{name: "a blank computer", seed: 7, days: 15, faults: "blank"},
		// Residents with codes of records that a lying disk had lost flooded the site, and staff had no unit to type: they
		// scan their code.
		{name: "staff in a flood of wrong codes", seed: 5_000_248, days: 61, faults: "all"},
		// A courier took a parcel back, walked away from the open door, and a passer-by shut it: the door was given away with
		// the parcel in it.
		{name: "an undo that nobody saw to its end", seed: 5_000_491, days: 20, faults: "all"},
		// A stranger at the panel ended the turn of whoever had pushed them aside; a disk lost a record that was still on its way.
		{name: "somebody else's turn", seed: 5_000_489, days: 61, faults: "all"},
		{name: "a record on its way and a disk that lied", seed: 5_000_519, days: 61, faults: "all"},
		// The audit read back what it had kept of a record without intents, and the first one ended the server.
		{name: "the first intent after an audit", seed: 3, days: 2, faults: "all"},
	}
}

// What is played each time, beside the fresh seeds of ./test.
const (
	seedDays  = 61
	seedCount = 60 // 10 site-years
	seedParts = 10 // that run at the same time, as far as there are cores
	firstSeed = 1_000_000
)

func TestSeeds(t *testing.T) {
	t.Parallel()
	seeds := seedCount
	switch {
	case raced:
		seeds = 4
	case testing.Short():
		seeds = 12
	}
	results := make([]sim.Result, seeds)
	t.Cleanup(func() { checkTotal(t, results) }) // after the parts
	for part := range seedParts {
		t.Run(strconv.Itoa(part), func(t *testing.T) {
			t.Parallel()
			for i := part; i < seeds; i += seedParts {
				days := seedDays
				if raced && sim.Real(firstSeed+uint64(i)) {
					days = 2 // SQLite is slow then
				}
				results[i] = play(t, sim.Options{
					Seed: firstSeed + uint64(i), Days: days, Faults: sim.Faults(), Twice: i%25 == 0,
				})
			}
		})
	}
}

// checkTotal fails a test whose runs together reached something too seldom.
func checkTotal(t *testing.T, results []sim.Result) {
	t.Helper()
	total := sim.NewTotal(sim.Faults())
	for _, r := range results {
		total.Add(r)
	}
	for _, s := range total.Short {
		t.Errorf("reached too seldom: %s", s)
	}
	t.Logf("%d runs, %.1f site-years, %d deliveries, %d openings, state %s",
		total.Runs, total.SiteYears, total.Deliveries, total.Openings, total.Hash)
}

// TestRun_repeats checks that a seed gives the same world twice, and another seed another one.
func TestRun_repeats(t *testing.T) {
	t.Parallel()
	hashes := map[string]uint64{}
	for seed := range uint64(6) {
		opts := sim.Options{Seed: 500 + seed, Days: 6, Sites: 2, Faults: sim.Faults(), Twice: true}
		r := play(t, opts)
		if other, seen := hashes[r.Hash]; seen {
			t.Errorf("seeds %d and %d came to the same state", other, opts.Seed)
		}
		hashes[r.Hash] = opts.Seed
	}
}

// TestRun_traces checks that the story names people, doors, facts and messages, and that telling it changes nothing.
func TestRun_traces(t *testing.T) {
	t.Parallel()
	var story strings.Builder
	opts := sim.Options{Seed: 7, Days: 3, Faults: sim.Faults()}
	silent := play(t, opts)
	opts.Trace = &story
	if told := play(t, opts); told.Hash != silent.Hash {
		t.Errorf("the story changes the world: state %s, then %s", silent.Hash, told.Hash)
	}
	for _, want := range []string{"courier", "resident", "door main/", "open_requested", "parcel_stored", "server has", "swarm"} {
		if !strings.Contains(story.String(), want) {
			t.Errorf("nothing is said of %q", want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text  string
		count int
		fails bool
	}{
		{text: "all", count: len(sim.Faults())},
		{text: "none"},
		{text: "power, clock", count: 2},
		{text: "weather", fails: true},
	}
	for _, c := range cases {
		got, err := sim.ParseFaults(c.text)
		if len(got) != c.count || (err != nil) != c.fails {
			t.Errorf("ParseFaults(%q) = %v, %v", c.text, got, err)
		}
	}
}

// TestTotal_floors checks that a workload which stops reaching something is noticed.
func TestTotal_floors(t *testing.T) {
	t.Parallel()
	total := sim.NewTotal(sim.Faults())
	total.Add(sim.Result{SiteYears: 10, Counters: map[string]uint64{"deliveries": 3}})
	if total.OK() || !strings.Contains(strings.Join(total.Short, "\n"), "deliveries: 3") {
		t.Errorf("three deliveries in ten years pass: %q", total.Short)
	}
	few := sim.NewTotal(sim.Faults())
	few.Add(sim.Result{SiteYears: 0.1, Counters: map[string]uint64{}})
	if !few.OK() {
		t.Errorf("a month is judged by the year: %q", few.Short)
	}
}
