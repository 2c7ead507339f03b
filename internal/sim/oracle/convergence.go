package oracle

// convergeWithin is how long after healing both halves may differ, in milliseconds.
const convergeWithin = 60_000

// convergenceChecker holds I12: once everything is healed the server's state equals the controller's.
type convergenceChecker struct{ judge }

func newConvergenceChecker(j judge) *convergenceChecker { return &convergenceChecker{j} }

func (c *convergenceChecker) see(_ *truth, ev Event) {
	if e, ok := ev.(Compared); ok {
		c.hold(e.Controller == e.Server && e.At-e.Healed <= convergeWithin, e,
			"%d ms after healing the controller's state is %.12s and the server's %.12s", e.At-e.Healed, e.Controller, e.Server)
	}
}
