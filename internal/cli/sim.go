package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"cubby/internal/sim"
)

type simCmd struct {
	Seeds    int     `help:"How many worlds to play, of the seeds from --seed on." default:"1" placeholder:"N"`
	Days     int     `help:"Days of normal life in each; healing and the final drain come after them." default:"30" placeholder:"D"`
	Sites    int     `help:"Sites at one server." default:"1" placeholder:"S"`
	Seed     *uint64 `help:"The first seed; 1 without it." placeholder:"X"`
	Faults   string  `help:"What goes wrong: all, none, or some of the faults with commas between them." default:"all" placeholder:"LIST"`
	JSON     bool    `help:"Print one line of JSON." name:"json"`
	Trace    bool    `help:"Tell the story of one seed: people, doors, facts, messages." xor:"many"`
	Parallel int     `help:"Worlds at a time; all processor cores without it." placeholder:"N"`
}

const (
	// maxSeeds and maxSimDays bound one command: a year of the largest is more than a computer plays in its life.
	maxSeeds   = 10_000_000
	maxSimDays = 36_500
	maxSites   = 1_000
	// allTwice is up to how many seeds each is played twice, to see that it comes to the same state; of
	// more, every twentieth is.
	allTwice   = 20
	twiceEvery = 20
)

// Run plays the worlds.
func (cmd simCmd) Run(ctx context.Context, e *env) error {
	faults, err := cmd.check()
	if err != nil {
		return usageError{err}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(sim.GCPercent))
	began, spent := time.Now(), cpuTime()
	runs, err := cmd.play(ctx, e, faults)
	if err != nil {
		return err
	}
	answer := newSimAnswer(runs, faults)
	answer.Seconds = time.Since(began).Seconds()
	if hours := (cpuTime() - spent).Hours(); hours > 0 {
		answer.Rate = runs.played() / hours
	}
	if cmd.JSON {
		err = json.NewEncoder(e.Out).Encode(answer)
	} else {
		err = answer.print(e)
	}
	for _, again := range answer.Repeat {
		e.say("FAILED, again: %s", again)
	}
	if err == nil && !answer.ok() {
		err = errFailed
	}
	return err
}

// check says what of the command line makes no sense.
func (cmd *simCmd) check() ([]sim.Fault, error) {
	faults, err := sim.ParseFaults(cmd.Faults)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--faults: %w", err)
	case cmd.Seeds < 1 || cmd.Seeds > maxSeeds:
		return nil, fmt.Errorf("--seeds is %d: give 1 to %d", cmd.Seeds, maxSeeds)
	case cmd.Days < 1 || cmd.Days > maxSimDays:
		return nil, fmt.Errorf("--days is %d: give 1 to %d", cmd.Days, maxSimDays)
	case cmd.Sites < 1 || cmd.Sites > maxSites:
		return nil, fmt.Errorf("--sites is %d: give 1 to %d", cmd.Sites, maxSites)
	case cmd.Trace && cmd.Seeds != 1:
		return nil, errors.New("--trace tells the story of one seed: leave --seeds out")
	}
	return faults, nil
}

// simRun is one world that was played.
type simRun struct {
	sim.Result
	err error // of the simulation itself, or a panic of what it plays
}

type simRuns []simRun

// played returns the site-years that were played, the second times included.
func (r simRuns) played() (years float64) {
	for _, x := range r {
		years += x.SiteYears
		if x.Twice {
			years += x.SiteYears
		}
	}
	return years
}

// play plays the seeds, as many at a time as there are cores, each in one goroutine of its own.
func (cmd *simCmd) play(ctx context.Context, e *env, faults []sim.Fault) (simRuns, error) {
	first := uint64(1)
	if cmd.Seed != nil {
		first = *cmd.Seed
	}
	workers := cmd.Parallel
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	bar := progressbar.NewOptions(cmd.Seeds, progressbar.OptionSetWriter(e.bars()), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription("sim"), progressbar.OptionShowCount())
	runs := make(simRuns, cmd.Seeds)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, cmd.Seeds) {
		wg.Go(func() {
			for i := range next {
				runs[i] = playSeed(ctx, sim.Options{
					Seed: first + uint64(i), Days: cmd.Days, Sites: cmd.Sites, Faults: faults, Trace: cmd.story(e),
					Twice: cmd.Seeds <= allTwice || i%twiceEvery == 0,
				})
				_ = bar.Add(1) // a picture only
			}
		})
	}
	for i := range cmd.Seeds {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	_ = bar.Finish() // a picture only
	return runs, ctx.Err()
}

// story returns where the story goes; nil: nobody listens. It leaves standard output to one line of JSON.
func (cmd *simCmd) story(e *env) io.Writer {
	switch {
	case !cmd.Trace:
		return nil
	case cmd.JSON:
		return e.Err
	}
	return e.Out
}

// playSeed plays one world. Production code that panics in it fails this seed, not the others.
func playSeed(ctx context.Context, opts sim.Options) (run simRun) {
	defer func() {
		if p := recover(); p != nil {
			run.Seed, run.err = opts.Seed, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			run.Repeat = opts.Repeat()
		}
	}()
	run.Result, run.err = sim.Run(ctx, opts)
	if run.err != nil {
		run.Seed, run.Repeat = opts.Seed, opts.Repeat()
	}
	return run
}

// simAnswer is what the command prints. The keys stay.
type simAnswer struct {
	Violations int               `json:"violations"`
	SiteYears  float64           `json:"site_years"`
	Deliveries uint64            `json:"deliveries"`
	Openings   uint64            `json:"openings"`
	Counters   map[string]uint64 `json:"counters"`
	Hash       string            `json:"state_hash"` // of the states of all seeds in their order
	Seconds    float64           `json:"seconds"`
	Rate       float64           `json:"site_years_per_core_hour"` // by the time of the processor, second times included
	Seeds      int               `json:"seeds"`
	Twice      int               `json:"twice"` // seeds that were played twice and came to the same state
	Short      []string          `json:"below_floor"`
	Broken     []string          `json:"broken"` // the first violations, in words
	Errors     []string          `json:"errors"` // seeds that could not be played to their end
	Repeat     []string          `json:"repeat"` // the command of every seed that failed
}

// maxRepeat is how many failed seeds are named: nobody reads more.
const maxRepeat = 20

func newSimAnswer(runs simRuns, faults []sim.Fault) simAnswer {
	total := sim.NewTotal(faults)
	a := simAnswer{Seeds: len(runs), Short: []string{}, Broken: []string{}, Errors: []string{}, Repeat: []string{}}
	for _, run := range runs {
		switch {
		case run.err != nil:
			a.Errors = append(a.Errors, fmt.Sprintf("seed %d: %v", run.Seed, run.err))
			a.Repeat = append(a.Repeat, run.Repeat)
			continue
		case run.Broken > 0:
			a.Repeat = append(a.Repeat, run.Repeat)
		}
		if run.Twice {
			a.Twice++
		}
		for _, v := range run.Violations {
			a.Broken = append(a.Broken, fmt.Sprintf("seed %d: %s", run.Seed, v))
		}
		total.Add(run.Result)
	}
	a.Violations, a.SiteYears, a.Deliveries, a.Openings = total.Broken, total.SiteYears, total.Deliveries, total.Openings
	a.Counters, a.Hash = total.Counters, total.Hash
	a.Short = append(a.Short, total.Short...)
	a.Repeat = a.Repeat[:min(len(a.Repeat), maxRepeat)]
	a.Broken = a.Broken[:min(len(a.Broken), maxRepeat)]
	return a
}

func (a simAnswer) ok() bool { return a.Violations == 0 && len(a.Short) == 0 && len(a.Errors) == 0 }

// print says the same for people.
func (a simAnswer) print(e *env) error {
	lines := []string{
		fmt.Sprintf("%d seeds, %.2f site-years, %d deliveries, %d openings", a.Seeds, a.SiteYears, a.Deliveries, a.Openings),
		fmt.Sprintf("%d seeds played twice came to the same state; state of all: %s", a.Twice, a.Hash),
		fmt.Sprintf("%.1f s, %.0f site-years per core-hour", a.Seconds, a.Rate),
	}
	for _, text := range a.Errors {
		lines = append(lines, "ERROR "+text)
	}
	for _, text := range a.Broken {
		lines = append(lines, "BROKEN "+text)
	}
	for _, text := range a.Short {
		lines = append(lines, "REACHED TOO SELDOM "+text)
	}
	lines = append(lines, fmt.Sprintf("%d violations", a.Violations))
	for _, line := range lines {
		if err := e.print("%s", line); err != nil {
			return err
		}
	}
	return nil
}
