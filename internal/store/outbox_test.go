package store_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
)

func enqueue(t *testing.T, s *store.Store, j store.Job) (added bool) {
	t.Helper()
	err := s.Tx(t.Context(), func(q *db.Queries) (err error) {
		added, err = s.Enqueue(t.Context(), q, j)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func worker(t *testing.T, s *store.Store, h store.Handler, dead func(context.Context, store.Job, error)) *store.Worker {
	t.Helper()
	w, err := store.NewWorker(store.WorkerOptions{
		Store: s, Logger: slog.New(slog.DiscardHandler), Handlers: map[string]store.Handler{"mail": h}, Dead: dead,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOutbox_OneLiveJobForAKey(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	if !enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}"}) {
		t.Error("the first was not added")
	}
	if enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}"}) {
		t.Error("the same key was added twice")
	}
	if !enqueue(t, s, store.Job{Kind: "push", Key: "a", Body: "{}"}) {
		t.Error("another kind was not added")
	}
	ran := 0
	w := worker(t, s, func(context.Context, store.Job) error { ran++; return nil }, nil)
	if _, err := w.Run(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	if ran != 1 {
		t.Errorf("ran %d times", ran)
	}
	if !enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}"}) {
		t.Error("a key cannot be used again when its job is done")
	}
}

func TestOutbox_RolledBackJobIsNone(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	err := s.Tx(t.Context(), func(q *db.Queries) error {
		if _, err := s.Enqueue(t.Context(), q, store.Job{Kind: "mail", Key: "a", Body: "{}"}); err != nil {
			return err
		}
		return errors.New("no")
	})
	if err == nil {
		t.Fatal("committed")
	}
	w := worker(t, s, func(context.Context, store.Job) error { t.Error("ran"); return nil }, nil)
	if _, err := w.Run(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
}

func TestOutbox_RetriesThenDies(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}", NotBefore: clock.Now().Add(time.Hour)})
	ran, died := 0, 0
	w := worker(t, s, func(_ context.Context, j store.Job) error {
		if ran++; j.Attempt != ran {
			t.Errorf("attempt %d at run %d", j.Attempt, ran)
		}
		return errors.New("unreachable")
	}, func(context.Context, store.Job, error) { died++ })
	if _, err := w.Run(t.Context(), "mail"); err != nil || ran != 0 {
		t.Fatalf("ran %d times before its time: %v", ran, err)
	}
	clock.Add(time.Hour)
	for range 3 * store.MaxAttempts {
		if _, err := w.Run(t.Context(), "mail"); err != nil {
			t.Fatal(err)
		}
		clock.Add(30 * time.Minute)
	}
	if ran != store.MaxAttempts || died != 1 {
		t.Errorf("ran %d times, died %d times", ran, died)
	}
	dead, err := s.Read().ListDeadJobs(t.Context(), 10)
	if err != nil || len(dead) != 1 || dead[0].Error != "unreachable" {
		t.Errorf("dead %+v, %v", dead, err)
	}
}

func TestOutbox_PermanentDiesAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}"})
	ran := 0
	w := worker(t, s, func(context.Context, store.Job) error {
		ran++
		return errors.Join(errors.New("no such mailbox"), store.ErrPermanent)
	}, nil)
	if _, err := w.Run(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	if dead, err := s.Read().ListDeadJobs(t.Context(), 10); err != nil || len(dead) != 1 || ran != 1 {
		t.Errorf("ran %d times, dead %v, %v", ran, dead, err)
	}
}

// TestOutbox_LongJobKeepsItsLease says that a job that takes longer than a lease is nobody else's meanwhile,
// and that its end is written down.
func TestOutbox_LongJobKeepsItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t, time.Now)
		enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}"})
		ran := 0
		job := func(context.Context, store.Job) error {
			ran++
			time.Sleep(3 * store.Lease)
			return nil
		}
		first, second := worker(t, s, job, nil), worker(t, s, job, nil)
		var done sync.WaitGroup
		done.Go(func() { _, _ = first.Run(t.Context(), "mail") })
		for range 5 {
			time.Sleep(store.Lease / 2)
			if _, err := second.Run(t.Context(), "mail"); err != nil {
				t.Error(err)
			}
		}
		done.Wait()
		if due, err := s.Read().NextJobAt(t.Context(), "mail"); err != nil || due != 0 || ran != 1 {
			t.Errorf("ran %d times, next at %d, want once and none: %v", ran, due, err)
		}
	})
}

// TestOutbox_LeaseEnds says that a job whose worker died is done by another one, later.
func TestOutbox_LeaseEnds(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	enqueue(t, s, store.Job{Kind: "mail", Key: "a", Body: "{}"})
	ctx, cancel := context.WithCancel(t.Context())
	dying := worker(t, s, func(context.Context, store.Job) error { cancel(); return context.Canceled }, nil)
	if _, err := dying.Run(ctx, "mail"); err != nil {
		t.Fatal(err)
	}
	ran := 0
	w := worker(t, s, func(context.Context, store.Job) error { ran++; return nil }, nil)
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{store.Lease - time.Second, 0}, {2 * time.Second, 1}, {store.Lease, 1}} {
		clock.Add(step.wait)
		if _, err := w.Run(t.Context(), "mail"); err != nil || ran != step.want {
			t.Errorf("after %s: ran %d times, want %d: %v", step.wait, ran, step.want, err)
		}
	}
}

func TestWorker_WakesOnCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Open(t, time.Now)
		var mu sync.Mutex
		var seen []string
		w := worker(t, s, func(_ context.Context, j store.Job) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, j.Key)
			return nil
		}, nil)
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer w.Stop()
		time.Sleep(time.Second)
		begin := time.Now()
		enqueue(t, s, store.Job{Kind: "mail", Key: "now", Body: "{}"})
		enqueue(t, s, store.Job{Kind: "mail", Key: "later", Body: "{}", NotBefore: begin.Add(10 * time.Second)})
		synctest.Wait()
		mu.Lock()
		if len(seen) != 1 || seen[0] != "now" {
			t.Errorf("seen %v at once", seen)
		}
		mu.Unlock()
		time.Sleep(10*time.Second + 10*time.Millisecond)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 2 {
			t.Errorf("seen %v", seen)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		1: 5 * time.Second, 2: 10 * time.Second, 3: 20 * time.Second, 9: 1280 * time.Second, 10: 30 * time.Minute,
		1000: 30 * time.Minute,
	} {
		if have := store.RetryAfter(attempt); have != want {
			t.Errorf("after attempt %d: %s, want %s", attempt, have, want)
		}
	}
}

func TestIDs_Ascend(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	ids := store.NewIDs(clock.Now, nil)
	last := ""
	for n := range 10_000 {
		if n == 5000 {
			clock.Add(-time.Hour)
		}
		id := ids.New()
		if id <= last || len(id) != 36 || id[14] != '7' {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
}
