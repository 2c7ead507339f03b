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
)

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
