package catalogue_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cubby/internal/locker"
	"cubby/internal/sizing/catalogue"
	"cubby/internal/sizing/mix"
)

// TestLoad checks every catalogue that the program brings: doors fit and do not overlap, prices have
// a source, and the doors of each kind of column can be reached.
func TestLoad(t *testing.T) {
	t.Parallel()
	names := catalogue.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "generic") || len(names) < 5 {
		t.Fatalf("catalogues %v", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := catalogue.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if c.ID != name || len(c.Sources) == 0 {
				t.Errorf("id %q with sources %q", c.ID, c.Sources)
			}
			ids := map[string]bool{}
			for _, m := range c.Modules {
				if ids[m.ID] {
					t.Errorf("%s is there twice", m.ID)
				}
				ids[m.ID] = true
				checkModule(t, c, m)
			}
			for _, size := range c.Sizes {
				reached := func(m catalogue.Module) bool {
					return slices.ContainsFunc(m.Doors, func(d catalogue.Door) bool {
						return d.Size == size.Size && mix.Door{Bottom: d.BottomMM, Height: d.HeightMM}.In(mix.DefaultReach())
					})
				}
				if !slices.ContainsFunc(c.Modules, reached) {
					t.Errorf("no module has a compartment of size %s in reach", size.Size)
				}
			}
		})
	}
	if _, err := catalogue.Load("nowhere"); err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("%v: want the known names", err)
	}
}

func checkModule(t *testing.T, c catalogue.Catalogue, m catalogue.Module) {
	t.Helper()
	if err := m.Price.Problem(1, 1e6); err != nil || m.Price.Unit != c.Currency+" per module" {
		t.Errorf("%s: price %v: %v", m.ID, m.Price, err)
	}
	bottom := m.BaseMM
	for _, d := range m.Doors {
		if d.BottomMM < bottom || d.BottomMM+d.HeightMM > m.HeightMM {
			t.Errorf("%s: %+v overlaps or leaves the module", m.ID, d)
		}
		if k := m.Kiosk; k != nil && d.BottomMM < k.BottomMM+k.HeightMM && d.BottomMM+d.HeightMM > k.BottomMM {
			t.Errorf("%s: %+v covers the screen", m.ID, d)
		}
		bottom = d.BottomMM + d.HeightMM
	}
	if m.Kiosk != nil && (m.Kiosk.BottomMM < 380 || m.Kiosk.BottomMM+m.Kiosk.HeightMM > 1220) {
		t.Errorf("%s: the screen from %d to %d mm is out of reach", m.ID, m.Kiosk.BottomMM, m.Kiosk.BottomMM+m.Kiosk.HeightMM)
	}
	total := 0
	for i, n := range c.Counts(m) {
		if n != m.Count(c.Sizes[i].Size) {
			t.Errorf("%s: %d of %s", m.ID, n, c.Sizes[i].Size)
		}
		total += n
	}
	if total != len(m.Doors)*m.Columns || total == 0 {
		t.Errorf("%s: %d doors in %d columns count as %d", m.ID, len(m.Doors), m.Columns, total)
	}
}

// TestExpand checks that a free column is every maximal pattern, with and without the kiosk.
func TestExpand(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load("inpost-like")
	if err != nil {
		t.Fatal(err)
	}
	patterns, err := mix.Maximal(mix.Space{Height: 1800, Sizes: []int{100, 210, 430}})
	if err != nil {
		t.Fatal(err)
	}
	plain := 0
	for _, m := range c.Modules {
		if m.Kiosk == nil {
			plain++
		}
	}
	if len(patterns) != 25 || plain != 25 || plain == len(c.Modules) {
		t.Errorf("%d patterns, %d plain of %d modules: want 25 and some with the screen", len(patterns), plain, len(c.Modules))
	}
	if c.Modules[0].Count(locker.SizeS) != 18 {
		t.Errorf("the first module is %+v, want 18 small ones", c.Modules[0])
	}
}

const valid = `id: mine
name: Mine
maker: me
currency: EUR
sources: [a drawing]
sizes:
  - {size: S, width_mm: 400, height_mm: 100, depth_mm: 500, pitch_mm: 120}
modules:
  - id: one
    name: One
    width_mm: 450
    height_mm: 1000
    depth_mm: 550
    base_mm: 100
    doors:
      - {size: S, count: 5}
    price: {low: 1, mid: 2, high: 3, source: quote}
`

func TestParse_Errors(t *testing.T) {
	t.Parallel()
	if _, err := catalogue.Parse("mine.yaml", []byte(valid)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, put, want string }{
		{"name: Mine", "nome: Mine", "mine.yaml:2: nome: unknown key"},
		{"maker: me\n", "", "mine.yaml:1: maker is missing"},
		{"id: mine", "id: Mine!", "mine.yaml:1: id:"},
		{"currency: EUR", "currency: euro", "mine.yaml:4: currency:"},
		{"sources: [a drawing]", "sources: a drawing", "mine.yaml:5: sources: want a list"},
		{"{size: S, width", "{size: T, width", "mine.yaml:7: size: \"T\""},
		{"pitch_mm: 120", "pitch_mm: 12", "mine.yaml:7: pitch_mm: 12 is less"},
		{"pitch_mm: 120", "pitch_mm: tall", "mine.yaml:7: pitch_mm: \"tall\""},
		{"{size: S, count: 5}", "{size: M, count: 5}", "size M is not among"},
		{"count: 5", "count: 9", "1180 mm high together, the module 1000"},
		{"high: 3", "high: 1", "low, mid and high are out of order"},
		{"high: 3, source: quote", "high: 3", "mine.yaml:17: source is missing"},
		{"low: 1", "low: NaN", "low: \"NaN\""},
		{"price: {", "columns: 0\n    price: {", "mine.yaml:17: columns: \"0\""},
		{"price: {", "outdoor: maybe\n    price: {", "outdoor: \"maybe\", want true or false"},
		{"modules:\n", "modules: 5\nrest:\n", "mine.yaml:8: modules: want a list"},
		{"maker: me", "maker: me\nmaker: you", "mine.yaml:4"},
		{"maker: me", "maker: [me", "mine.yaml:"},
	} {
		text := strings.Replace(valid, c.old, c.put, 1)
		if text == valid {
			t.Errorf("%q is not in the file", c.old)
		}
		if _, err := catalogue.Parse("mine.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %s", c.put, c.old, err, c.want)
		}
	}
	if _, err := catalogue.Parse("mine.yaml", make([]byte, 1<<20)); err == nil || !strings.Contains(err.Error(), "mine.yaml:1") {
		t.Errorf("a large file: %v", err)
	}
	if _, err := catalogue.Parse("mine.yaml", nil); err == nil {
		t.Error("an empty file is no error")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	files, err := filepath.Glob("make/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("catalogues: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := catalogue.Parse("f.yaml", data)
		if err != nil {
			if !strings.Contains(err.Error(), "f.yaml:") {
				t.Errorf("%q names no line", err)
			}
			return
		}
		for _, m := range c.Modules {
			for _, d := range m.Doors {
				if d.BottomMM < m.BaseMM || d.BottomMM+d.HeightMM > m.HeightMM {
					t.Errorf("%+v leaves %+v", d, m)
				}
			}
		}
	})
}
