// Package plannertest gives the planner something to show: Solve, which answers like the engine but in
// little time, and Fixtures, which name a request for every page.
package plannertest

import (
	"context"
	"errors"
	"time"

	"cubby/internal/sizing"
)

// Now is the moment of every fixture.
func Now() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

// Solve simulates two years at most. What it says is rough, but of the right shape.
func Solve(ctx context.Context, p sizing.Problem, o sizing.Options) (sizing.Answer, error) {
	o.Budget = 2
	full := !o.Quick
	o.Quick = true
	a, err := sizing.Solve(ctx, p, o)
	a.Quick = !full
	return a, err
}

// ErrBroken is what Broken returns.
var ErrBroken = errors.New("broken")

// Broken answers nothing.
func Broken(context.Context, sizing.Problem, sizing.Options) (sizing.Answer, error) {
	return sizing.Answer{}, ErrBroken
}

// Fixture is a request for a page.
type Fixture struct {
	Name   string
	Query  string
	Status int // 0: 200
}

// Fixtures lists a request for every step and for what may be wrong.
func Fixtures() []Fixture {
	const wrong = 422
	return []Fixture{
		{Name: "building", Query: "v=1&u=20"},
		{Name: "parcels", Query: "v=1&u=20&s=2"},
		{Name: "pick-up", Query: "v=1&u=20&s=3"},
		{Name: "wall", Query: "v=1&u=20&w1=4&o1=1-1.9&s=4"},
		{Name: "make", Query: "v=1&u=20&ca=std-4c&s=5"},
		{Name: "answer", Query: "v=1&u=20&w1=4&s=6"},
		{Name: "log", Query: "v=1&by=l&u=20&d=4&n=900&sg=1"},
		{Name: "wrong", Query: "v=1&u=none&w1=2&o1=3-4&s=1", Status: wrong},
		{Name: "version", Query: "v=9", Status: wrong},
	}
}
