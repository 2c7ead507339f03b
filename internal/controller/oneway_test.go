package controller_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestUnlock_OneWay reads the package's sources: one function calls a driver's Unlock, one makes the
// proof that it takes, and one asks for that proof.
func TestUnlock_OneWay(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				look(f, found)
			}
		}
	}
	want := map[string][]string{"Unlock": {"unlock"}, "unlock": {"pulse"}, "grant": {"consume"}, "consume": {"perform"}}
	for what, by := range want {
		if !slices.Equal(found[what], by) {
			t.Errorf("%s is used by %v, want %v only", what, found[what], by)
		}
	}
}

func look(f *ast.FuncDecl, found map[string][]string) {
	use := func(what string) {
		if !slices.Contains(found[what], f.Name.Name) {
			found[what] = append(found[what], f.Name.Name)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr: // a method value counts as a call
			if n.Sel.Name == "Unlock" && !isMutex(n.X) || n.Sel.Name == "unlock" {
				use(n.Sel.Name)
			}
		case *ast.CompositeLit:
			if id, ok := n.Type.(*ast.Ident); ok && id.Name == "consumedGrant" {
				use("grant")
			}
		case *ast.Ident:
			if n.Name == "consume" && n != f.Name {
				use("consume")
			}
		}
		return true
	})
}

func isMutex(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.SelectorExpr:
		return x.Sel.Name == "mu"
	case *ast.Ident:
		return x.Name == "mu"
	}
	return false
}
