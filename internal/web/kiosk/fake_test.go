package kiosk_test

import (
	"context"
	"slices"
	"sync"

	"cubby/internal/controller"
)

// fake is a site at which a test puts turns. It records what the pages ask of it.
type fake struct {
	mu      sync.Mutex
	home    controller.Home
	turn    controller.Turn
	err     error // of the next Enter or Act
	down    error // of everything
	acts    []controller.Act
	entered []controller.Input
	changed chan struct{}
	onEnter func()               // changes the turn, with the lock held
	onAct   func(controller.Act) // as onEnter
}

func (f *fake) Home(context.Context, controller.PanelID) (controller.Home, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.home, f.down
}

func (f *fake) Turn(context.Context, controller.PanelID) (controller.Turn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.turn, f.down
}

func (f *fake) Enter(_ context.Context, _ controller.PanelID, in controller.Input) (controller.Turn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entered = append(f.entered, in)
	if f.onEnter != nil {
		f.onEnter()
	}
	return f.turn, f.err
}

func (f *fake) Act(_ context.Context, _ controller.PanelID, act controller.Act) (controller.Turn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acts = append(f.acts, act)
	if f.onAct != nil {
		f.onAct(act)
	}
	return f.turn, f.err
}

func (f *fake) Watch(ctx context.Context, panel controller.PanelID, after uint64) (controller.Turn, error) {
	for {
		f.mu.Lock()
		if f.changed == nil {
			f.changed = make(chan struct{})
		}
		turn, changed, down := f.turn, f.changed, f.down
		f.mu.Unlock()
		if down != nil || turn.Version != after {
			return turn, down
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return turn, ctx.Err()
		}
	}
}

// put changes what the panel shows.
func (f *fake) put(home controller.Home, turn controller.Turn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.home, f.turn = home, turn
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

func (f *fake) lastEntered() controller.Input {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.entered) == 0 {
		return controller.Input{}
	}
	return f.entered[len(f.entered)-1]
}

func (f *fake) done() []controller.Act {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.acts)
}
