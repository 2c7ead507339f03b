package controller_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/controller"
	"cubby/internal/locker"
)

// TestGovernor_Bounds asks at random for pulses and checks what was let through against the limits,
// counted apart.
func TestGovernor_Bounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var g controller.Governor
		banks := []locker.BankID{"a", "b"}
		causes := []locker.Cause{locker.CauseLocal, locker.CausePhone, locker.CauseRemote, "of a newer version"}
		flying, ended := map[locker.BankID]bool{}, map[locker.BankID]int64{}
		var remote []int64
		now := int64(0)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now += rapid.Int64Range(0, 1500).Draw(t, "ms")
			bank := rapid.SampledFrom(banks).Draw(t, "bank")
			if flying[bank] && rapid.Bool().Draw(t, "end") {
				g.End(bank, now)
				flying[bank], ended[bank] = false, now
				continue
			}
			cause := rapid.SampledFrom(causes).Draw(t, "cause")
			service := rapid.IntRange(0, 9).Draw(t, "service") == 0
			isRemote := cause != locker.CauseLocal && cause != locker.CausePhone
			recent := 0
			for _, at := range remote {
				if now-at < controller.RemoteSpan.Milliseconds() {
					recent++
				}
			}
			last, used := ended[bank]
			busy := flying[bank] || used && now-last < controller.PulseGap.Milliseconds()
			switch got := g.Take(bank, cause, service, now); got {
			case controller.RulingGo:
				if busy {
					t.Fatalf("a second pulse within a second at %d", now)
				}
				if isRemote && !service && recent >= controller.RemoteLimit {
					t.Fatalf("remote pulse %d within a minute", recent+1)
				}
				flying[bank] = true
				if isRemote {
					remote = append(remote, now)
				}
			case controller.RulingWait:
				if !busy {
					t.Fatal("told to wait for nothing")
				}
			case controller.RulingRefuse:
				if !isRemote || service || recent < controller.RemoteLimit {
					t.Fatalf("refused %s with %d recent", cause, recent)
				}
			}
		}
	})
}

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
