package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/locker"
)

const (
	// settleFor is how long after the first end of an opening others may still come: two doors on one
	// output, a second sensor.
	settleFor = time.Second
	// giveUp is how long an opening may take, the site's own retries included.
	giveUp = 45 * time.Second
	// lostAfter is when an opening counts as never asked for: the server stopped in between.
	lostAfter = 5 * time.Second
	factPage  = 200
)

// follow loads a test and what became of its opening, and keeps the end of one.
func (d *Desk) follow(ctx context.Context, p cloud.Principal, site locker.SiteID) (*loaded, error) {
	for range 2 {
		x, err := d.load(ctx, p, site)
		if err != nil || x.walk == nil || x.state.Opening == nil {
			return x, err
		}
		changed, err := d.look(ctx, p, x)
		if err != nil || !changed {
			return x, err
		}
		if err := d.keep(ctx, x, step{}); err == nil {
			return x, nil
		} else if codeOf(err) != locker.CodeConflict {
			return nil, err
		} // somebody else saw it first
	}
	return nil, stale()
}

// look reads what the site said of the opening. It reports whether the test changed.
func (d *Desk) look(ctx context.Context, p cloud.Principal, x *loaded) (bool, error) {
	o, now := x.state.Opening, d.opts.Now()
	if o.Intent == "" {
		if now.Sub(o.At) < lostAfter {
			return false, nil
		}
		x.dropped(locker.CodeIntentExpired)
		return true, nil
	}
	intent, err := d.opts.Cloud.Intent(ctx, p, o.Intent)
	if err != nil {
		return false, err
	}
	switch intent.State {
	case cloud.IntentPending:
		return false, nil
	case cloud.IntentRefused, cloud.IntentExpired:
		x.dropped(intent.Code)
		return true, nil
	case cloud.IntentDone:
	}
	x.asked = true
	s, err := d.sightOf(ctx, p, x)
	if err != nil {
		return false, err
	}
	x.sight = &s.sight
	switch {
	case !s.over && now.Sub(o.At) < giveUp:
		return false, nil
	case s.over && o.Seen.IsZero():
		o.Seen = now
		return true, nil
	case s.over && now.Sub(o.Seen) < settleFor:
		return false, nil
	}
	x.end(&s.sight, now)
	return true, nil
}

// dropped says that the opening did not begin: its step stands again.
func (x *loaded) dropped(code locker.Code) {
	x.walk.Drop()
	x.state.Opening, x.state.Trouble = nil, code
}

// end gives the walk what was seen of the opening. done says that nobody has to be asked.
func (x *loaded) end(s *commission.Sight, now time.Time) (done bool) {
	if s == nil {
		s = &commission.Sight{Result: commission.ResultSent, Heard: true}
	}
	done, err := x.walk.Saw(*s, now)
	x.state.Opening = nil
	return err == nil && done
}

// step is what the test waits for. While an opening is followed it is the question about it.
func (x *loaded) step() commission.Step {
	s := x.walk.Next()
	if x.state.Opening != nil {
		s.Kind, s.Confirm = commission.StepAsk, false
	}
	return s
}

// watched is what the facts say of an opening.
type watched struct {
	sight    commission.Sight
	over     bool
	requests []locker.RequestID
	began    time.Time
}

// factBody holds the fields of the facts that matter here.
type factBody struct {
	Intent   locker.IntentID  `json:"intent"`
	Request  locker.RequestID `json:"request"`
	Retries  locker.RequestID `json:"retries"`
	Place    locker.PlaceID   `json:"place"`
	Evidence locker.Evidence  `json:"evidence"`
	Reason   string           `json:"reason"`
	Cause    locker.Cause     `json:"cause"`
	Attempt  int              `json:"attempt"`
}

// sightOf reads the facts after the opening was asked for.
func (d *Desk) sightOf(ctx context.Context, p cloud.Principal, x *loaded) (watched, error) {
	o := x.state.Opening
	w := watched{sight: commission.Sight{Result: commission.ResultSent, Heard: true, Was: x.restOf(o.Output)}}
	outputs := map[locker.PlaceID]locker.Output{}
	for _, place := range x.walk.Plan().Layout.Places() {
		if place.Kind == locker.PlaceCompartment {
			outputs[place.ID] = place.Compartment.Output
		}
	}
	for cursor := o.Cursor; ; {
		page, err := d.opts.Cloud.Facts(ctx, p, x.site.ID, cursor, factPage)
		if err != nil {
			return w, fmt.Errorf("read what became of the opening: %w", err)
		}
		for _, f := range page.Items {
			var body factBody
			if err := json.Unmarshal(f.Body, &body); err != nil {
				continue // a fact of a newer version says nothing here
			}
			w.take(f.Kind, body, f.At, o, outputs)
		}
		if len(page.Items) < factPage {
			w.sight.Moves = slices.DeleteFunc(w.sight.Moves, func(m commission.Move) bool {
				return m.To == x.restOf(m.Output) // somebody shut a door
			})
			return w, nil
		}
		cursor = page.Next
	}
}

func (x *loaded) restOf(o locker.Output) board.State {
	for _, r := range x.walk.Plan().Rest {
		if r.Output == o {
			return r.State
		}
	}
	return board.StateUnknown
}

// take adds one fact.
func (w *watched) take(kind string, f factBody, at time.Time, o *opening, outputs map[locker.PlaceID]locker.Output) {
	switch kind {
	case "open_requested":
		first := f.Place == o.Place && f.Cause == locker.CauseRemote && len(w.requests) == 0
		if first {
			w.sight.Request, w.began = f.Request, at
		}
		if first || slices.Contains(w.requests, f.Retries) {
			w.requests = append(w.requests, f.Request)
			w.over, w.sight.Result, w.sight.Heard = len(w.sight.Moves) > 0, commission.ResultSent, true
		}
	case "door_opened":
		mine := slices.Contains(w.requests, f.Request)
		switch {
		case mine && f.Evidence == locker.EvidenceNone: // no sensor: the person says it
			w.over = true
		case mine || f.Request == "" && len(w.requests) > 0:
			w.moved(outputs, f.Place, board.StateOpen, at)
			w.over = true
		}
	case "door_closed":
		if slices.Contains(w.requests, f.Request) || f.Request == "" {
			w.moved(outputs, f.Place, board.StateClosed, at)
		}
	case "open_failed", "open_unconfirmed":
		if slices.Contains(w.requests, f.Request) {
			w.over = true
			switch f.Reason {
			case "silent":
				w.sight.Result, w.sight.Heard = commission.ResultSilent, false
			case "refused":
				w.sight.Result = commission.ResultRefused
			}
		}
	}
}

// moved adds a sensor's first move of each sense.
func (w *watched) moved(outputs map[locker.PlaceID]locker.Output, place locker.PlaceID, to board.State, at time.Time) {
	output, known := outputs[place]
	if !known || len(w.requests) == 0 || slices.ContainsFunc(w.sight.Moves, func(m commission.Move) bool {
		return m.Output == output && m.To == to
	}) {
		return
	}
	w.sight.Moves = append(w.sight.Moves, commission.Move{Output: output, To: to, After: max(at.Sub(w.began), 0)})
}
