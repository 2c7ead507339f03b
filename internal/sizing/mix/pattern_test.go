package mix_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sizing/mix"
)

// reference is the column of ../shared: heights 10, 21 and 43 in 180.
func reference() mix.Space { return mix.Space{Height: 180, Sizes: []int{10, 21, 43}} }

func TestPatterns_Reference(t *testing.T) {
	t.Parallel()
	all, err := mix.Patterns(reference())
	if err != nil {
		t.Fatal(err)
	}
	maximal, err := mix.Maximal(reference())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 189 || len(maximal) != 25 {
		t.Errorf("%d feasible and %d maximal patterns, want 189 and 25", len(all), len(maximal))
	}
	if !slices.Equal(maximal[0], mix.Pattern{18, 0, 0}) || !slices.Equal(maximal[24], mix.Pattern{0, 0, 4}) {
		t.Errorf("first %v and last %v, want 18 small and 4 large", maximal[0], maximal[24])
	}
}

func TestPatterns_Kiosk(t *testing.T) {
	t.Parallel()
	s := reference()
	s.Kiosk = mix.Kiosk{Bottom: 90, Height: 50} // 90 below, 40 above: no large one above
	maximal, err := mix.Maximal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range maximal {
		if p[2] > 2 {
			t.Errorf("pattern %v has a large compartment above the kiosk", p)
		}
	}
	if i := slices.IndexFunc(maximal, func(p mix.Pattern) bool { return slices.Equal(p, mix.Pattern{4, 0, 2}) }); i < 0 {
		t.Errorf("2 large below and 4 small above are missing from %v", maximal)
	}
}

func TestPatterns_Errors(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]mix.Space{
		"no size":        {Height: 10},
		"flat size":      {Height: 10, Sizes: []int{0}},
		"no height":      {Sizes: []int{1}},
		"too low":        {Height: 10, Sizes: []int{11, 20}},
		"limits":         {Height: 10, Sizes: []int{1}, Most: []int{1, 2}},
		"negative limit": {Height: 10, Sizes: []int{1}, Most: []int{-1}},
		"kiosk too high": {Height: 10, Sizes: []int{1}, Kiosk: mix.Kiosk{Bottom: 8, Height: 3}},
	} {
		if _, err := mix.Maximal(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := mix.Patterns(mix.Space{Height: 100_000, Sizes: []int{1, 2, 3}}); !errors.Is(err, mix.ErrTooMany) {
		t.Errorf("a column of 100,000 compartments: %v, want ErrTooMany", err)
	}
}

func drawSpace(t *rapid.T) mix.Space {
	s := mix.Space{
		Height: rapid.IntRange(5, 60).Draw(t, "height"),
		Sizes:  rapid.SliceOfN(rapid.IntRange(3, 20), 1, 4).Draw(t, "sizes"),
	}
	slices.Sort(s.Sizes)
	if rapid.Bool().Draw(t, "kiosk") {
		s.Kiosk.Bottom = rapid.IntRange(0, s.Height/2).Draw(t, "bottom")
		s.Kiosk.Height = rapid.IntRange(1, s.Height-s.Kiosk.Bottom).Draw(t, "kiosk height")
	}
	if rapid.Bool().Draw(t, "limits") {
		s.Most = rapid.SliceOfN(rapid.IntRange(0, 4), len(s.Sizes), len(s.Sizes)).Draw(t, "most")
	}
	return s
}

// TestPatterns_Property rebuilds each pattern compartment by compartment with a stack that the
// package knows nothing of, and tries to add one to each maximal pattern.
func TestPatterns_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpace(t)
		all, err := mix.Patterns(s)
		if err != nil {
			t.Fatal(err)
		}
		maximal, err := mix.Maximal(s)
		if len(all) == 1 {
			if err == nil {
				t.Fatal("a column without a compartment is no error")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			if !fits(s, p) {
				t.Fatalf("pattern %v does not fit %+v", p, s)
			}
		}
		for _, p := range maximal {
			for i := range p {
				q := slices.Clone(p)
				q[i]++
				if fits(s, q) {
					t.Fatalf("pattern %v is called maximal, %v fits", p, q)
				}
			}
		}
		for _, p := range all {
			if !slices.ContainsFunc(maximal, func(m mix.Pattern) bool { return m.Covers(p) }) {
				t.Fatalf("pattern %v is in no maximal one", p)
			}
		}
	})
}

// fits says by brute force whether p can stand in s: every compartment goes below or above.
func fits(s mix.Space, p mix.Pattern) bool {
	for i, most := range s.Most {
		if p[i] > most {
			return false
		}
	}
	if s.Kiosk.Height == 0 {
		return p.Height(s.Sizes) <= s.Height
	}
	below, above := s.Kiosk.Bottom, s.Height-s.Kiosk.Bottom-s.Kiosk.Height
	var place func(i, n, low, high int) bool
	place = func(i, n, low, high int) bool {
		if low > below || high > above {
			return false
		}
		if i == len(p) {
			return true
		}
		if n == p[i] {
			return place(i+1, 0, low, high)
		}
		return place(i, n+1, low+s.Sizes[i], high) || place(i, n+1, low, high+s.Sizes[i])
	}
	return place(0, 0, 0, 0)
}

func TestStack_Reference(t *testing.T) {
	t.Parallel()
	s := mix.Space{Height: 1800, Sizes: []int{100, 210, 430}, Kiosk: mix.Kiosk{Bottom: 900, Height: 400}}
	doors, err := mix.Stack(s, mix.Pattern{2, 1, 2}, 100, mix.DefaultReach())
	if err != nil {
		t.Fatal(err)
	}
	// The small one at the bottom lifts a large one just into reach.
	want := []mix.Door{{0, 100, 100}, {2, 200, 430}, {1, 630, 210}, {0, 840, 100}, {2, 1400, 430}}
	if got, err := mix.DefaultReach().Check([][]mix.Door{doors}, 3); err != nil || !slices.Equal(got.In, mix.Pattern{1, 1, 1}) {
		t.Errorf("in reach %+v, %v: want one of each", got, err)
	}
	if !slices.Equal(doors, want) {
		t.Errorf("stack %v, want %v", doors, want)
	}
}

// TestStack_Property checks that a stack holds its pattern, does not overlap, leaves the kiosk free,
// and that no other order has more sizes in reach.
func TestStack_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpace(t)
		all, err := mix.Patterns(s)
		if err != nil {
			t.Fatal(err)
		}
		p := rapid.SampledFrom(all).Draw(t, "pattern")
		base := rapid.IntRange(0, 5).Draw(t, "base")
		low := rapid.IntRange(0, 30).Draw(t, "low")
		r := mix.Reach{Low: low, High: low + rapid.IntRange(0, 30).Draw(t, "band"), Each: true, Share: 0.05}
		doors, err := mix.Stack(s, p, base, r)
		if err != nil {
			t.Fatal(err)
		}
		got := make(mix.Pattern, len(p))
		bottom := base
		for _, d := range doors {
			if d.Bottom < bottom || d.Height != s.Sizes[d.Size] || d.Bottom+d.Height > base+s.Height {
				t.Fatalf("%v in %+v: %+v overlaps or leaves the column", doors, s, d)
			}
			kiosk := base + s.Kiosk.Bottom
			if s.Kiosk.Height > 0 && d.Bottom < kiosk+s.Kiosk.Height && d.Bottom+d.Height > kiosk {
				t.Fatalf("%+v covers the kiosk of %+v", d, s)
			}
			bottom = d.Bottom + d.Height
			got[d.Size]++
		}
		if !slices.Equal(got, p) {
			t.Fatalf("stacked %v, want %v", got, p)
		}
		if p.Total() > 6 {
			return
		}
		if have, best := inReach(doors, r), mostInReach(s, p, base, r); have != best {
			t.Fatalf("%d sizes in reach, another order has %d: %v", have, best, doors)
		}
	})
}

func inReach(doors []mix.Door, r mix.Reach) int {
	sizes := map[int]bool{}
	for _, d := range doors {
		if d.In(r) {
			sizes[d.Size] = true
		}
	}
	return len(sizes)
}

// mostInReach tries every order of a small pattern.
func mostInReach(s mix.Space, p mix.Pattern, base int, r mix.Reach) int {
	best := 0
	left := slices.Clone(p)
	kiosk := base + s.Kiosk.Bottom
	var place func(bottom int, doors []mix.Door)
	place = func(bottom int, doors []mix.Door) {
		if left.Total() == 0 {
			best = max(best, inReach(doors, r))
			return
		}
		for i, n := range left {
			if n == 0 {
				continue
			}
			for _, from := range []int{bottom, max(bottom, kiosk+s.Kiosk.Height)} {
				d := mix.Door{Size: i, Bottom: from, Height: s.Sizes[i]}
				if d.Bottom+d.Height > base+s.Height ||
					s.Kiosk.Height > 0 && from < kiosk+s.Kiosk.Height && d.Bottom+d.Height > kiosk {
					continue
				}
				left[i]--
				place(d.Bottom+d.Height, append(slices.Clone(doors), d))
				left[i]++
				if s.Kiosk.Height == 0 {
					break
				}
			}
		}
	}
	place(base, nil)
	return best
}

func TestReach_Check(t *testing.T) {
	t.Parallel()
	r := mix.Reach{Low: 380, High: 1220, Share: 0.5, Each: true}
	columns := [][]mix.Door{{{0, 400, 100}, {0, 1500, 100}, {1, 1600, 200}}}
	got, err := r.Check(columns, 2)
	if err == nil || got.Need != 2 || got.In.Total() != 1 {
		t.Errorf("%+v, %v: want 1 of 2 in reach and an error", got, err)
	}
	columns = append(columns, []mix.Door{{1, 400, 200}, {0, 600, 100}})
	if got, err := r.Check(columns, 2); err != nil {
		t.Errorf("%+v: %v", got, err)
	}
	if _, err := r.Check([][]mix.Door{{{5, 0, 1}}}, 2); err == nil {
		t.Error("an unknown size is no error")
	}
}

func TestProportional(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		counts []int
		total  int
		want   []int
	}{
		{[]int{2, 1, 1}, 8, []int{4, 2, 2}},
		{[]int{1, 1, 1}, 4, []int{2, 1, 1}},
		{[]int{9, 1}, 5, []int{5, 0}},
		{[]int{0, 0}, 5, []int{0, 0}},
		{[]int{3, 0}, 0, []int{0, 0}},
	} {
		if got := mix.Proportional(tt.counts, tt.total); !slices.Equal(got, tt.want) {
			t.Errorf("%d as %v: %v, want %v", tt.total, tt.counts, got, tt.want)
		}
	}
}
