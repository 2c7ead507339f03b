package planner

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cubby/internal/sizing"
)

// Reasons for no answer.
var (
	errBusy = errors.New("others are being answered: try again in a moment")
	errSlow = errors.New("this plan takes longer than the page may wait: `cubby plan` on a computer has no such limit")
)

const (
	parallelSolves = 2                // of one server process: pages and sites need the rest
	maxWaiting     = 8                // visitors that wait for a turn
	waitFor        = 6 * time.Second  // for a turn, at most
	solveFor       = 45 * time.Second // one answer, at most: seconds on a quiet machine
	keptAnswers    = 48               // of some 300 kB each
)

// desk answers problems: a few at once, the last answers again without work.
type desk struct {
	solve sizing.Solver
	turns chan struct{}
	wait  time.Duration

	mu      sync.Mutex
	waiting int
	order   *list.List // of *keptAnswer, the last used first
	byKey   map[string]*list.Element
}

type keptAnswer struct {
	key    string
	answer sizing.Answer
}

func newDesk(solve sizing.Solver, wait time.Duration) *desk {
	return &desk{
		solve: solve, turns: make(chan struct{}, parallelSolves), wait: wait, order: list.New(), byKey: map[string]*list.Element{},
	}
}

// find returns an answer that was given before.
func (d *desk) find(key string) (sizing.Answer, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.byKey[key]
	if !ok {
		return sizing.Answer{}, false
	}
	d.order.MoveToFront(e)
	return e.Value.(*keptAnswer).answer, true //nolint:forcetypeassert // nothing else is put in
}

func (d *desk) keep(key string, a sizing.Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.byKey[key]; ok {
		return
	}
	d.byKey[key] = d.order.PushFront(&keptAnswer{key: key, answer: a})
	if d.order.Len() > keptAnswers {
		last := d.order.Back()
		d.order.Remove(last)
		delete(d.byKey, last.Value.(*keptAnswer).key) //nolint:forcetypeassert // nothing else is put in
	}
}

// turn waits until one more answer may be worked on. It returns errBusy when too many wait or it takes
// too long.
func (d *desk) turn(ctx context.Context) error {
	select {
	case d.turns <- struct{}{}:
		return nil
	default:
	}
	d.mu.Lock()
	if d.waiting >= maxWaiting {
		d.mu.Unlock()
		return errBusy
	}
	d.waiting++
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		d.waiting--
		d.mu.Unlock()
	}()
	late := time.NewTimer(d.wait)
	defer late.Stop()
	select {
	case d.turns <- struct{}{}:
		return nil
	case <-late.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

// depth is how much an answer says. A deeper one also serves who asks for less.
type depth uint8

const (
	brief depth = iota + 1 // what stands on the first page, soon enough to follow a slider
	quick                  // with everything behind it
	full                   // of many simulated years
)

// keys lists what answers of a state are kept under that say at least so much, the deepest first.
func (q question) keys() []string {
	all := []string{q.key + "&full", q.key + "&quick", q.key + "&brief"}
	return all[:len(all)-int(q.depth-brief)]
}

// question is what is asked of the desk.
type question struct {
	key      string
	problem  sizing.Problem
	depth    depth
	progress func(sizing.Progress)
}

// kept returns an answer that was given before and says enough.
func (d *desk) kept(q question) (sizing.Answer, bool) {
	for _, key := range q.keys() {
		if a, ok := d.find(key); ok {
			return a, true
		}
	}
	return sizing.Answer{}, false
}

// answer answers a question, or returns errBusy, errSlow, the context's error or what is wrong with
// the problem.
func (d *desk) answer(ctx context.Context, q question) (sizing.Answer, error) {
	if a, ok := d.kept(q); ok {
		return a, nil
	}
	if err := d.turn(ctx); err != nil {
		return sizing.Answer{}, err
	}
	defer func() { <-d.turns }()
	if a, ok := d.kept(q); ok { // somebody asked the same in the meantime
		return a, nil
	}
	limited, stop := context.WithTimeout(ctx, solveFor)
	defer stop()
	a, err := d.solve(limited, q.problem, sizing.Options{
		Quick: q.depth != full, Brief: q.depth == brief, Progress: q.progress, Workers: 2,
	})
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return a, errSlow
	case err != nil:
		return a, fmt.Errorf("solve the plan: %w", err)
	}
	keys := q.keys()
	d.keep(keys[len(keys)-1], a)
	return a, nil
}
