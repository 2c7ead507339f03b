package sim

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"cubby/internal/sim/oracle"
)

// Options say what Run plays.
type Options struct {
	Seed   uint64
	Days   int // of normal life, 1 and up; healing and the final drain come after them. Seeds of Real have at most 8
	Sites  int // at one server; 0: one
	Faults []Fault
	// Trace receives the story in lines; nil: nobody listens.
	Trace io.Writer
	// Twice plays the seed a second time and takes another state at its end for a violation.
	Twice bool
	// UntilBroken ends the run at the first promise that is broken: the rest of the story is of no use.
	UntilBroken bool
}

// Result is what came of a run.
type Result struct {
	Seed       uint64             `json:"seed"`
	Violations []oracle.Violation `json:"violations"`
	Broken     int                `json:"broken"` // violations, those that are not listed included
	SiteYears  float64            `json:"site_years"`
	Deliveries uint64             `json:"deliveries"`
	Openings   uint64             `json:"openings"`
	Counters   map[string]uint64  `json:"counters"`
	Hash       string             `json:"hash"`
	Twice      bool               `json:"twice"`  // it was played twice and came to the same state
	Repeat     string             `json:"repeat"` // the command that plays it again
}

// GCPercent is the setting of the collector of garbage, as of debug.SetGCPercent, with which a process that
// does nothing else plays fastest: a world keeps little and throws much away.
const GCPercent = 800

const (
	// begin is the first true moment of every run: 2026-06-01 00:00 UTC.
	begin = 1_780_272_000_000
	day   = 24 * time.Hour
	// drainFor is how long a run goes on after its last day, without faults, until all is collected.
	drainFor = 2 * day
)

// world is everything. It is for one goroutine.
type world struct {
	opts     Options
	ctx      context.Context
	rand     *rand.Rand
	now      int64 // true time, milliseconds
	queue    events
	seq      uint64
	faults   swarm
	healing  bool // the faults are over
	healed   int64
	oracle   *oracle.Oracle
	sites    []*site
	server   *server
	counters map[string]uint64
	hash     hash.Hash
	broken   error // what ends the run: a mistake of the simulation, not of the program
}

// event is something that will happen.
type event struct {
	at  int64
	seq uint64
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface.
func (e *events) Push(x any) {
	ev, _ := x.(event)
	*e = append(*e, ev)
}

// Pop implements heap.Interface.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	(*e)[len(*e)-1] = event{}
	*e = (*e)[:len(*e)-1]
	return last
}

// Run plays a seed to its end. The error says that the simulation itself went wrong; broken promises
// stand in the result.
func Run(ctx context.Context, opts Options) (Result, error) {
	first, err := run(ctx, opts)
	if err != nil || !opts.Twice {
		return first, err
	}
	opts.Trace = nil
	again, err := run(ctx, opts)
	if err != nil {
		return first, fmt.Errorf("the second time: %w", err)
	}
	if first.Twice = again.Hash == first.Hash; !first.Twice {
		first.Broken++
		first.Violations = append(first.Violations, oracle.Violation{
			Promise: "repeatable", Text: fmt.Sprintf("the seed came to state %s, and then to %s", first.Hash, again.Hash),
		})
	}
	return first, nil
}

func run(ctx context.Context, opts Options) (result Result, err error) {
	if opts.Days < 1 {
		return Result{}, errors.New("a run has at least one day")
	}
	opts.Sites = max(opts.Sites, 1)
	if Real(opts.Seed) {
		opts.Days = min(opts.Days, realDays)
	}
	w := &world{
		opts: opts, ctx: ctx, rand: rand.New(rand.NewPCG(opts.Seed, 0x5eed)), now: begin, oracle: oracle.New(),
		counters: map[string]uint64{}, hash: sha256.New(),
	}
	w.faults = drawSwarm(opts.Seed, w.rand, opts.Faults)
	server, err := newServer(w)
	if err != nil {
		return Result{}, err
	}
	w.server = server
	defer func() { err = errors.Join(err, w.server.close()) }()
	for i := range opts.Sites {
		s, err := newSite(w, i)
		if err != nil {
			return Result{}, fmt.Errorf("build site %d of seed %d: %w", i, opts.Seed, err)
		}
		w.sites = append(w.sites, s)
	}
	w.trace("swarm %v", w.faults)
	for _, s := range w.sites {
		s.live()
	}
	w.play(begin + int64(opts.Days)*day.Milliseconds())
	if w.over() {
		return w.result(), nil
	}
	w.heal()
	w.play(w.now + drainFor.Milliseconds())
	for _, s := range w.sites {
		s.audit()
	}
	if w.broken != nil {
		return Result{}, fmt.Errorf("seed %d: %w", opts.Seed, w.broken)
	}
	return w.result(), nil
}

// play runs events until a moment.
func (w *world) play(until int64) {
	for len(w.queue) > 0 && w.queue[0].at <= until && w.broken == nil && w.ctx.Err() == nil && !w.over() {
		ev, _ := heap.Pop(&w.queue).(event)
		w.now = ev.at
		ev.do()
	}
	w.now = until
	if err := w.ctx.Err(); err != nil && w.broken == nil {
		w.broken = err
	}
}

// over reports whether the run may end before its time.
func (w *world) over() bool { return w.opts.UntilBroken && w.oracle.Broken() > 0 }

// after does something later.
func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.now + max(d.Milliseconds(), 0), seq: w.seq, do: do})
}

// between draws an even duration.
func (w *world) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.rand.Float64()*float64(most-least))
}

// expo draws an exponential duration of a mean, at most twenty times it.
func (w *world) expo(mean time.Duration) time.Duration {
	return time.Duration(min(-math.Log(1-w.rand.Float64()), 20) * float64(mean))
}

func (w *world) chance(p float64) bool { return w.rand.Float64() < p }

// head is the head of an oracle's event now.
func (w *world) head(s *site) oracle.Head { return oracle.Head{Site: string(s.id), At: w.now} }

func (w *world) tell(ev oracle.Event) { w.oracle.See(ev) }

// trace writes one line of the story.
func (w *world) trace(format string, args ...any) {
	if w.opts.Trace == nil {
		return
	}
	at := time.UnixMilli(w.now).UTC().Format("01-02 15:04:05.000")
	fmt.Fprintf(w.opts.Trace, "%s "+format+"\n", append([]any{at}, args...)...)
}

// fail ends the run because the simulation itself is wrong.
func (w *world) fail(err error) {
	if w.broken == nil && err != nil {
		w.broken = err
	}
}

func (w *world) result() Result {
	for _, name := range slices.Sorted(maps.Keys(w.counters)) {
		fmt.Fprintf(w.hash, "%s=%d\n", name, w.counters[name])
	}
	// Whoever drew one number more or did one thing in another order is somewhere else now.
	fmt.Fprintf(w.hash, "%d %d %d\n", w.now, w.seq, w.rand.Uint64())
	counters := maps.Clone(w.counters)
	for promise, n := range w.oracle.Exercised() {
		counters[promise] = n
	}
	violations := w.oracle.Violations()
	if violations == nil {
		violations = []oracle.Violation{}
	}
	return Result{
		Seed: w.opts.Seed, Violations: violations, Broken: w.oracle.Broken(),
		SiteYears:  float64(w.opts.Days) * float64(w.opts.Sites) / 365,
		Deliveries: w.counters["deliveries"], Openings: w.counters["openings"], Counters: counters,
		Hash: hex.EncodeToString(w.hash.Sum(nil)[:16]), Repeat: w.opts.Repeat(),
	}
}

// heal ends all faults and waits for both halves to agree.
func (w *world) heal() {
	w.trace("---- all faults are over")
	w.healing, w.healed = true, w.now
	w.server.down = false
	for _, s := range w.sites {
		s.heal()
	}
	w.after(45*time.Second, func() {
		for _, s := range w.sites {
			s.compare()
		}
	})
}
