package link_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/link"
	"cubby/internal/locker"
)

func TestBackoff_IsBoundedAndSpread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Float64Range(0, 0.999999).Draw(t, "rand")
		waits := link.Waits(time.Second, time.Minute, func() float64 { return r }, 12)
		for i, w := range waits {
			if w < time.Second || w > time.Minute {
				t.Fatalf("wait %d is %s", i, w)
			}
			if i > 0 && w < waits[i-1] {
				t.Fatalf("wait %d is shorter than the one before", i)
			}
		}
	})
	longest := link.Waits(time.Second, time.Minute, func() float64 { return 0.999999 }, 12)
	if longest[0] > 3*time.Second || longest[11] < 59*time.Second {
		t.Errorf("waits %v", longest)
	}
	if shortest := link.Waits(time.Second, time.Minute, func() float64 { return 0 }, 12); shortest[11] != time.Second {
		t.Errorf("no full jitter: %v", shortest)
	}
}

func TestNonces(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	clock := func() time.Time { return now }
	id := newIdentity(t)
	n := link.NewNonces(id, clock)
	first := n.Next()
	if first == n.Next() {
		t.Error("two nonces are equal")
	}
	if !n.Spend(first) || n.Spend(first) {
		t.Error("a nonce works once")
	}
	old := n.Next()
	for range 5 { // used ones stay used across the spans of the memory
		now = now.Add(29 * time.Second)
		if n.Spend(first) {
			t.Error("a used nonce works again")
		}
	}
	if n.Spend(old) {
		t.Error("an old nonce works")
	}
	other := link.NewNonces(id, clock)
	if !other.Spend(n.Next()) {
		t.Error("another process of the same server takes the nonce")
	}
	stranger := link.NewNonces(newIdentity(t), clock)
	for _, text := range []string{"", "x", stranger.Next(), n.Next() + "A", n.Next()[1:]} {
		if n.Spend(text) {
			t.Errorf("took %q", text)
		}
	}
}

// Whatever the round trip, the bound is not below the server's clock, and the offset is right
// within what it says.
func TestServerClock_IsAnUpperBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asked := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "asked"))
		there := time.Duration(rapid.Int64Range(0, 10_000).Draw(t, "there")) * time.Millisecond
		back := time.Duration(rapid.Int64Range(0, 10_000).Draw(t, "back")) * time.Millisecond
		off := time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "off")) * time.Millisecond
		later := time.Duration(rapid.Int64Range(0, 1e7).Draw(t, "later")) * time.Millisecond
		stamp := locker.At(asked.Add(there + off))
		at := asked.Add(there + back)
		now := at.Add(later)
		truth := locker.Millis(now.Add(off).UnixMilli())
		got := link.LatestServerTime(stamp, there+back, at, now)
		if got < truth || got > truth.Add(there+time.Second) {
			t.Fatalf("bound %d, the server shows %d", got, truth)
		}
		offset, uncertainty := link.ServerOffset(stamp, there+back, at)
		if stamp != 0 && (offset-off).Abs() > uncertainty {
			t.Fatalf("offset %s ± %s, true %s", offset, uncertainty, off)
		}
	})
}
