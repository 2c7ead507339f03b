package shelving_test

import (
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sizing/shelving"
)

// check holds what is true of every layout: nothing overlaps, nothing sticks out, and each run has an aisle.
func check(t interface{ Errorf(string, ...any) }, l shelving.Layout) {
	sum := 0
	for i, r := range l.Runs {
		sum += r.DepthMM
		if r.XMM < 0 || r.YMM < 0 || r.XMM+r.WidthMM > l.WidthMM || r.YMM+r.DepthMM > l.DepthMM {
			t.Errorf("run %+v sticks out of %d x %d", r, l.WidthMM, l.DepthMM)
		}
		left, right := r.XMM-shelving.AisleMM >= 0, r.XMM+r.WidthMM+shelving.AisleMM <= l.WidthMM
		for j, o := range l.Runs {
			if i == j {
				continue
			}
			if o.XMM < r.XMM+r.WidthMM && r.XMM < o.XMM+o.WidthMM {
				t.Errorf("runs %+v and %+v overlap", r, o)
			}
			if o.XMM < r.XMM && o.XMM+o.WidthMM > r.XMM-shelving.AisleMM {
				left = false
			}
			if o.XMM > r.XMM && o.XMM < r.XMM+r.WidthMM+shelving.AisleMM {
				right = false
			}
		}
		if !left && !right {
			t.Errorf("nobody reaches run %+v of %+v", r, l)
		}
		// The door must not open onto shelves: it leads into an aisle, or the way along the wall is free.
		if d := l.DoorFromMM; r.YMM+r.DepthMM > l.DepthMM-shelving.AisleMM && d < r.XMM+r.WidthMM && r.XMM < d+shelving.DoorMM {
			t.Errorf("run %+v stands in the door at %d", r, d)
		}
	}
	if sum != l.RunMM {
		t.Errorf("%d mm of runs, said %d", sum, l.RunMM)
	}
	if room := float64(l.WidthMM) * float64(l.DepthMM) / 1e6; l.FloorM2 > room+1e-9 {
		t.Errorf("%v m² taken of %v", l.FloorM2, room)
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	// By hand: four runs of 2.6 m with a way along the wall, or three of 3.2 m across.
	l, ok := shelving.Take(4200, 3600, 10_400)
	if !ok || l.RunMM != 10_400 || len(l.Runs) != 4 || l.FloorM2 != 4*3.6 {
		t.Errorf("got %+v", l)
	}
	l, ok = shelving.Take(4200, 3600, 10_500)
	if ok || l.RunMM != 10_400 {
		t.Errorf("got %+v, want as much as there is", l)
	}
	l, ok = shelving.Take(4200, 3600, 3000)
	if !ok || len(l.Runs) != 2 || l.FloorM2 != 2*1.5 || l.DoorFromMM != 550 {
		t.Errorf("got %+v, want two short runs with one aisle", l)
	}
	if l, ok = shelving.Take(1000, 1200, 500); ok || l.RunMM != 0 || l.WidthMM != 1000 {
		t.Errorf("got %+v in a closet", l)
	}
}

func TestLayout_AnyRoom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width, depth := rapid.IntRange(500, 15_000).Draw(t, "width"), rapid.IntRange(500, 15_000).Draw(t, "depth")
		run := rapid.IntRange(1, 80_000).Draw(t, "run")
		l, ok := shelving.Take(width, depth, run)
		check(t, l)
		if ok != (l.RunMM >= run) {
			t.Errorf("%d of %d mm, ok %t", l.RunMM, run, ok)
		}
		if min(l.WidthMM, l.DepthMM) != min(width, depth) || max(l.WidthMM, l.DepthMM) != max(width, depth) {
			t.Errorf("the room is %d x %d now", l.WidthMM, l.DepthMM)
		}
		least := shelving.Least(run)
		check(t, least)
		if again, ok := shelving.Take(least.WidthMM, least.DepthMM, run); !ok || least.RunMM < run {
			t.Errorf("the least room %+v does not hold %d mm: %+v", least, run, again)
		}
		if more := shelving.Least(run + 2000); more.FloorM2 < least.FloorM2-1e-9 {
			t.Errorf("%d mm take %v m², 2 m more take %v", run, least.FloorM2, more.FloorM2)
		}
	})
}
