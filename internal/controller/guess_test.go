package controller_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// evaluated makes as many wrong guesses as the site lets through, at most n.
func (l *lab) evaluated(n int) (made int) {
	l.t.Helper()
	for i := range n {
		code := credential.Derive(keyOf(l.t, "stranger"), fmt.Sprintf("%s:%d:%d", l.boot, l.ms, i), 1)
		_, err := l.enter(controller.Input{Code: code.Symbols()})
		switch {
		case errors.Is(err, &locker.Error{Code: locker.CodeCodeWrong}):
			made++
		case !errors.Is(err, &locker.Error{Code: locker.CodeCodeFlooded}):
			l.t.Fatalf("guess %d: %v", i, err)
		}
	}
	return made
}

// The policy of the site may name fewer guesses. One that names more than the codes bear gets what
// they bear: an older server may have let it pass.
func TestGuesses_FollowThePolicy(t *testing.T) {
	t.Parallel()
	policy := func(n int) wire.Change {
		p := locker.DefaultPolicy()
		p.Guesses = n
		c, err := wire.EncodePolicy(p)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if made := newLab(t, 8, policy(7)).evaluated(40); made != 7 {
		t.Errorf("a policy of 7 let %d guesses through", made)
	}
	if made := newLab(t, 8, policy(1000)).evaluated(1200); made != 20 {
		t.Errorf("a policy of 1,000 let %d guesses through, want the usual 20", made)
	}
	l := newLab(t, 8)
	if made := l.evaluated(5); made != 5 {
		t.Fatalf("%d guesses", made)
	}
	change := policy(10)
	change.Rev = l.m.State().Directory.Rev + 1
	l.step(controller.DirectoryChanged{Rev: change.Rev, Changes: []wire.Change{change}})
	if made := l.evaluated(40); made < 7 || made > 8 { // a quarter of the day's time was spent: 10 × 3/4
		t.Errorf("%d guesses were left after 5 of 20 and a policy of 10", made)
	}
}

// A site that grows while it runs takes fewer guesses at once, not only after the next start.
func TestGuesses_FollowTheCodes(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	var changes []wire.Change
	rev := l.m.State().Directory.Rev
	for i := range 2000 {
		c, err := wire.EncodeCourier(locker.Courier{
			ID: locker.CourierID(fmt.Sprintf("k%d", i)), Carrier: "ups", Key: locker.KeyID(keyOf(t, "codes").ID()), Generation: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		rev++
		c.Rev = rev
		changes = append(changes, c)
	}
	l.step(controller.DirectoryChanged{Rev: rev, Changes: changes})
	if made := l.evaluated(40); made > 3 {
		t.Errorf("2,000 codes more, and %d guesses let through", made)
	}
}

// Whoever has a code that was right once tries it for ever, or tokens: the record does not grow with it.
func TestGuesses_WhatIsFreeDoesNotFillTheRecord(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	revoked, err := wire.EncodeCourier(locker.Courier{
		ID: "c1", Carrier: "ups", Key: locker.KeyID(keyOf(t, "codes").ID()), Generation: 1, Revoked: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	revoked.Rev = l.m.State().Directory.Rev + 1
	l.step(controller.DirectoryChanged{Rev: revoked.Rev, Changes: []wire.Change{revoked}})
	before := len(l.ops)
	for range 1000 {
		_, err := l.enter(l.code("courier:c1", 1))
		wantErr(t, err, locker.CodeCourierUnknown)
	}
	if grown := len(l.ops) - before; grown == 0 || grown > 60 {
		t.Errorf("1,000 tries made %d records, want 60 at most", grown)
	}
	l.ms += time.Hour.Milliseconds()
	before = len(l.ops)
	for i := range 1000 {
		_, err := l.enter(controller.Input{Code: credential.Derive(keyOf(t, "stranger"), strconv.Itoa(i), 1).Token()})
		wantErr(t, err, locker.CodeCodeWrong)
	}
	if grown := len(l.ops) - before; grown == 0 || grown > 60 {
		t.Errorf("an hour later 1,000 tokens made %d records, want 60 at most", grown)
	}
}

// fullJournal has no room while full is set.
type fullJournal struct {
	controller.Journal
	mu   sync.Mutex
	full bool
}

func (j *fullJournal) set(full bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.full = full
}

func (j *fullJournal) Append(ctx context.Context, expect uint64, entries []journal.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.full {
		return journal.ErrFull
	}
	return j.Journal.Append(ctx, expect, entries)
}

// On a full disk nothing can be recorded, so no guess gets an answer. Guesses made then are spent all
// the same: room on the disk does not bring new ones.
func TestGuesses_AFullDiskBuysNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &fullJournal{}
		r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) {
			j.Journal, o.Journal = o.Journal, j
		})
		try := func(i int) error {
			code := credential.Derive(keyOf(t, "stranger"), fmt.Sprintf("full:%d", i), 1)
			_, err := r.enter(code.Symbols())
			return err
		}
		j.set(true)
		for i := range 40 {
			if err := try(i); !errors.Is(err, &locker.Error{Code: locker.CodeDiskFull}) && !errors.Is(err, &locker.Error{Code: locker.CodeCodeFlooded}) {
				t.Fatalf("guess %d on a full disk: %v", i, err)
			}
		}
		j.set(false)
		if err := try(41); !errors.Is(err, &locker.Error{Code: locker.CodeCodeFlooded}) {
			t.Errorf("with room again: %v, want that the guesses are spent", err)
		}
	})
}

// Many panels guess at once, and the power is cut in the middle: whoever was told "wrong" has that on
// record, and a restart brings no guess back.
func TestGuesses_AreDurableBeforeTheirAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		told := 0
		for boot := range 8 {
			var mu sync.Mutex
			var panels sync.WaitGroup
			for panel := range 6 {
				panels.Go(func() {
					for i := range 10 {
						code := credential.Derive(keyOf(t, "stranger"), fmt.Sprintf("%d:%d:%d", boot, panel, i), 1)
						_, err := r.c.Enter(t.Context(), controller.PanelID(fmt.Sprintf("k%d", panel)), controller.Input{Code: code.Symbols()})
						if errors.Is(err, &locker.Error{Code: locker.CodeCodeWrong}) {
							mu.Lock()
							told++
							known := told
							mu.Unlock()
							if on := r.refusals(); on < known {
								t.Errorf("%d were told that their code is wrong, %d are on record", known, on)
							}
						}
					}
				})
			}
			panels.Wait()
			if err := r.halt(); err != nil {
				t.Fatal(err)
			}
			r.start()
		}
		if told != 20 {
			t.Errorf("%d guesses in 8 boots of a moment, want 20", told)
		}
	})
}

// refusals counts the wrong codes in the record.
func (r *rig) refusals() int {
	r.t.Helper()
	n := 0
	for _, op := range r.operations() {
		for _, f := range op.Facts {
			if refused, ok := f.(locker.CodeRefused); ok && refused.Reason == locker.CodeCodeWrong {
				n++
			}
		}
	}
	return n
}
