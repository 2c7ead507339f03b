package sizing_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cubby/internal/sizing"
	"cubby/internal/sizing/drawing"
	"cubby/internal/sizing/layout"
)

// The pictures have every door once, inside its wall, labelled as the layout names it.
func TestFronts(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]sizing.Problem{
		"row": building(),
		"walls": building(func(p *sizing.Problem) {
			p.Site.Walls = []sizing.Wall{{Name: "left", LengthMM: 2400}, {Name: "back", LengthMM: 3000, CornerLeft: true}}
		}),
	} {
		a := solve(t, p)
		made, err := layout.Of(p, a.Recommended, layout.Names{})
		if err != nil {
			t.Fatal(err)
		}
		var names, labels []string
		for _, place := range made.Places() {
			if place.Column >= 0 && place.Bank != "" {
				names = append(names, place.Name)
			}
		}
		for _, f := range sizing.Fronts(p, a.Recommended) {
			for _, m := range f.Input.Modules {
				if m.FromMM < 0 || m.FromMM+m.WidthMM > f.Input.LengthMM {
					t.Errorf("%s: a module from %d to %d stands beyond the wall of %d", name, m.FromMM, m.FromMM+m.WidthMM, f.Input.LengthMM)
				}
				for _, d := range m.Doors {
					labels = append(labels, d.Label)
				}
			}
			scene := drawing.Elevation(f.Input, drawing.Labels{Title: "front", Sizes: []string{"S", "M", "L", "XL"}})
			if scene.Width <= 0 || scene.Height <= 0 {
				t.Errorf("%s: the drawing is empty", name)
			}
		}
		slices.Sort(names)
		slices.Sort(labels)
		if !slices.Equal(names, labels) {
			t.Errorf("%s: labels %v, names %v", name, labels, names)
		}
		columns := 0
		for _, w := range sizing.Floor(p, a.Recommended).Walls {
			for _, b := range w.Banks {
				end := b.FromMM
				for _, m := range b.Modules {
					end += m.WidthMM
					columns++
				}
				if end > w.LengthMM {
					t.Errorf("%s: a bank ends at %d on a wall of %d", name, end, w.LengthMM)
				}
			}
		}
		if columns != len(made.Banks[0].Columns) && len(made.Banks) == 1 {
			t.Errorf("%s: %d columns on the floor, %d in the layout", name, columns, len(made.Banks[0].Columns))
		}
		if got := len(sizing.FanPanels(a.Recommended.Normal)); got != 4 {
			t.Errorf("%s: %d fan panels, want one for each size", name, got)
		}
	}
}

// Every code that the sources give a reason is in the list that translators see, and no other.
func TestReasonCodes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "reason.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				used[text] = true
			}
			return true
		})
	}
	for _, code := range slices.Concat(sizing.ReasonCodes(), sizing.RuleCodes(), sizing.SwingCodes()) {
		if !used[code] {
			t.Errorf("no source has the code %q", code)
		}
	}
	for _, p := range []sizing.Problem{
		building(),
		building(func(p *sizing.Problem) { p.Site.Walls = []sizing.Wall{{Name: "hall", LengthMM: 1400}} }),
		building(func(p *sizing.Problem) { p.Hardware.Catalogue = "inpost-like" }),
		building(func(p *sizing.Problem) { p.Policy.Quotas = []sizing.Quota{{Carrier: "USPS", Doors: 1}} }),
	} {
		a := solve(t, p)
		reasons := slices.Concat(a.Why, a.WouldGive, a.Warnings)
		for _, alternative := range a.All() {
			reasons = append(reasons, alternative.Misses...)
		}
		for _, r := range reasons {
			if !slices.Contains(sizing.ReasonCodes(), r.Code) || r.Text == "" {
				t.Errorf("%q (%s) is not in the list, or says nothing", r.Code, r.Text)
			}
		}
		for _, s := range a.Sensitivity {
			if !slices.Contains(sizing.SwingCodes(), s.Code) {
				t.Errorf("%q is not in the list", s.Code)
			}
		}
	}
}
