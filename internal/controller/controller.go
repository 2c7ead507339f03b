package controller

import (
	"context"
	"fmt"
)

// Controller is the on-site half of one site, or the whole of a hosted site.
type Controller struct {
	queue    chan question
	watchers watchers
}

// question is one event on its way to the machine, with the place where its reply goes.
type question struct {
	event Event
	reply chan Reply // nil: nobody waits
}

// ask puts an event to the machine and waits for its reply, which comes once what follows from the
// event is durable. The value comes with an error too: a turn stands beside its error.
func ask[T any](ctx context.Context, c *Controller, ev Event) (T, error) {
	var none T
	q := question{event: ev, reply: make(chan Reply, 1)}
	select {
	case c.queue <- q:
	case <-ctx.Done():
		return none, fmt.Errorf("ask the controller: %w", ctx.Err())
	}
	select {
	case r := <-q.reply:
		v, ok := r.Value.(T)
		if !ok && r.Err == nil {
			return none, fmt.Errorf("ask the controller: no %T in the reply to %T", none, ev)
		}
		return v, r.Err
	case <-ctx.Done():
		return none, fmt.Errorf("ask the controller: %w", ctx.Err())
	}
}
