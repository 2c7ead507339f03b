package cubby_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const module = "cubby/"

// floors is the architecture: between trees, a package imports only strictly lower
// floors. A tree is the longest key that the package's path is or lies under.
// docs/layout.md prints the same table.
var floors = map[string]int{
	"internal/locker":      0, // words and rules: pure
	"board":                0, // driver contract, ports, families, suite
	"client":               0, // public API client: imports nothing of ours
	"internal/config":      0, // values only
	"internal/web/ui":      0, // look: knows no domain
	"internal/text":        10,
	"internal/credential":  10,
	"internal/document":    10,
	"internal/tracking":    10,
	"internal/sizing":      10,
	"internal/forecast":    10,
	"internal/wire":        10,
	"internal/journal":     20,
	"internal/sitestore":   20,
	"internal/store":       20,
	"internal/auth":        20,
	"internal/link":        21,
	"internal/notify":      20,
	"internal/integration": 20,
	"internal/controller":  30,
	"internal/cloud":       30,
	"internal/commission":  31, // drives the controller, or the boards where there is none yet
	"internal/api":         40,
	"internal/web":         40,
	"internal/app":         50,
	"internal/sim":         51,
	"internal/cli":         52,
	"cmd":                  53,
	"tools":                53,
	"e2e":                  53, // journeys through the finished program
}

// pure packages import nothing else, not even from the standard library.
var pure = map[string][]string{
	"internal/locker": {"cmp", "errors", "fmt", "iter", "maps", "slices", "strconv", "strings", "time"},
}

// families never import each other: a driver is read, tested and published alone.
const families = "board/"

var sharedByFamilies = []string{"board/port", "board/boardtest", "board/catalog", "board/exchange", "board/virtual"}

// Ceilings, in lines. Whoever reaches one splits by noun; raising one is a decision record in docs/adr.
// Generated code has no ceiling: nobody reads it.
const (
	maxFileLines     = 800
	maxTestFileLines = 1200
	maxPackageLines  = 6000 // one folder, without its tests
	maxFunctionLines = 70   // from func to the closing brace, without its comment
	maxTestFuncLines = 150  // a journey reads best in one piece
)

// source is one Go file of this module.
type source struct {
	path      string // slash-separated, from the root
	pkg       string // its folder
	test      bool
	generated bool
	lines     int
	file      *ast.File
	set       *token.FileSet
}

// sources reads every Go file itself: a test that shells out to `go list` is cached as
// passing after the imports change.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); name != "." && err == nil {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		s, err := parseSource(name)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parseSource(name string) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	slashed := filepath.ToSlash(name)
	base := path.Base(slashed)
	return source{
		path:      slashed,
		pkg:       path.Dir(slashed),
		test:      strings.HasSuffix(base, "_test.go"),
		generated: ast.IsGenerated(file) || strings.HasSuffix(base, "_templ.go") || strings.HasPrefix(base, "zz_"),
		lines:     set.File(file.FileStart).LineCount(),
		file:      file,
		set:       set,
	}, nil
}

func treeOf(pkg string) (tree string, floor int, ok bool) {
	for t, f := range floors {
		if (pkg == t || strings.HasPrefix(pkg, t+"/")) && len(t) > len(tree) {
			tree, floor, ok = t, f, true
		}
	}
	return tree, floor, ok
}

func TestFloors(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		tree, floor, ok := treeOf(s.pkg)
		if !ok {
			t.Errorf("%s has no floor: add it to floors in arch_test.go and to docs/layout.md", s.pkg)
		}
		for _, spec := range s.file.Imports {
			if problem := importProblem(s, tree, floor, spec); problem != "" {
				t.Errorf("%s: %s", s.path, problem)
			}
		}
	}
}

// importProblem says what is wrong with one import of s, and what to do; empty when nothing is.
func importProblem(s source, tree string, floor int, spec *ast.ImportSpec) string {
	name, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
	dep, ours := strings.CutPrefix(name, module)
	if allowed, isPure := pure[s.pkg]; isPure && !ours && !slices.Contains(allowed, name) {
		return fmt.Sprintf("imports %s: %s is pure, take the value as an argument", name, s.pkg)
	}
	depTree, depFloor, known := treeOf(dep)
	if !ours || !known {
		return ""
	}
	if depTree == tree {
		family := strings.HasPrefix(s.pkg, families) && strings.HasPrefix(dep, families) && s.pkg != dep
		if family && !slices.Contains(sharedByFamilies, s.pkg) && !slices.Contains(sharedByFamilies, dep) {
			return fmt.Sprintf("imports %s: protocol families stand alone, move what both need to board/port", dep)
		}
		return ""
	}
	if depFloor >= floor {
		return fmt.Sprintf("is on floor %d and imports %s (floor %d): declare the interface you need here, "+
			"and let internal/app pass it in", floor, dep, depFloor)
	}
	return ""
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	comments := map[string]int{} // package => files with a package comment
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if comments[s.pkg] += 0; s.file.Doc != nil && !s.generated {
			comments[s.pkg]++
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(comments)) {
		if comments[pkg] != 1 {
			t.Errorf("%s has %d package comments, want 1: say in its doc.go what it is and what it must not know",
				pkg, comments[pkg])
		}
	}
}

func TestCeilings(t *testing.T) {
	t.Parallel()
	packages := map[string]int{} // folder => lines, without tests and generated code
	for _, s := range sources(t) {
		if s.generated {
			continue
		}
		fileLines, functionLines := maxFileLines, maxFunctionLines
		if s.test {
			fileLines, functionLines = maxTestFileLines, maxTestFuncLines
		} else {
			packages[s.pkg] += s.lines
		}
		if s.lines > fileLines {
			t.Errorf("%s has %d lines, at most %d: split it by noun or use case", s.path, s.lines, fileLines)
		}
		for _, f := range longFunctions(s, functionLines) {
			t.Errorf("%s, at most %d: push ifs up and loops down, name the steps", f, functionLines)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		if packages[pkg] > maxPackageLines {
			t.Errorf("%s has %d lines, at most %d: split the package by noun", pkg, packages[pkg], maxPackageLines)
		}
	}
}

// longFunctions lists the functions of s that are longer than limit lines. A function literal
// counts with the function that holds it.
func longFunctions(s source, limit int) []string {
	var long []string
	for _, decl := range s.file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from := s.set.Position(f.Pos())
		if lines := s.set.Position(f.End()).Line - from.Line + 1; lines > limit {
			long = append(long, fmt.Sprintf("%s:%d: %s has %d lines", s.path, from.Line, f.Name.Name, lines))
		}
	}
	return long
}

// TestLayoutPrintsFloors keeps the table that people read and the table that the test holds the same.
func TestLayoutPrintsFloors(t *testing.T) {
	t.Parallel()
	const doc = "docs/layout.md"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]int{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		floor, err := strconv.Atoi(strings.TrimSpace(cells[1]))
		if err != nil {
			continue // the head of a table, or another table
		}
		for i, name := range strings.Split(cells[2], "`") {
			if i%2 == 1 { // between backquotes
				printed[name] = floor
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(floors)) {
		if floor, ok := printed[name]; !ok || floor != floors[name] {
			t.Errorf("%s: want a row `| %d | `+\"`%s`\"+` | ...`, found floor %d (there: %t)", doc, floors[name], name, floor, ok)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(printed)) {
		if _, ok := floors[name]; !ok {
			t.Errorf("%s prints %s on floor %d, which arch_test.go does not know", doc, name, printed[name])
		}
	}
}

// TestDependenciesHaveReasons compares go.mod with the list that people read.
func TestDependenciesHaveReasons(t *testing.T) {
	t.Parallel()
	const doc = "docs/internals/dependencies.md"
	list, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", file, nil)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{} // module => direct
	for _, r := range mod.Require {
		required[r.Mod.Path] = !r.Indirect
	}
	explained := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		if cells := strings.Split(line, "`"); strings.HasPrefix(line, "| `") && len(cells) > 2 {
			explained[cells[1]] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if required[name] && !explained[name] {
			t.Errorf("%s: want a line that says why %s is needed", doc, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(explained)) {
		if _, ok := required[name]; !ok {
			t.Errorf("%s explains %s, which go.mod does not require", doc, name)
		}
	}
}

// TestImportProblem shows that the rules can fail.
func TestImportProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pkg, dep, want string
	}{
		{"lower floor", "internal/cloud", "cubby/internal/locker", ""},
		{"same tree", "internal/web/kiosk", "cubby/internal/web/page", ""},
		{"shared by families", "board/rs485", "cubby/board/port", ""},
		{"higher floor", "internal/journal", "cubby/internal/cloud", "is on floor 20"},
		{"same floor", "internal/controller", "cubby/internal/cloud", "is on floor 30"},
		{"tree below a tree", "internal/web/ui", "cubby/internal/web", "is on floor 0"},
		{"another family", "board/rs485", "cubby/board/kerong", "stand alone"},
		{"pure", "internal/locker", "os", "is pure"},
		{"pure, from elsewhere", "internal/locker", "github.com/google/uuid", "is pure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree, floor, ok := treeOf(tt.pkg)
			if !ok {
				t.Fatalf("%s has no floor", tt.pkg)
			}
			spec := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(tt.dep)}}
			got := importProblem(source{pkg: tt.pkg}, tree, floor, spec)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLongFunctions(t *testing.T) {
	t.Parallel()
	s, err := parseSource("arch_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if got := longFunctions(s, 5); len(got) == 0 || !strings.HasPrefix(got[0], "arch_test.go:") {
		t.Errorf("got %q, want the functions of this file", got)
	}
	if got := longFunctions(s, 1000); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
	if !s.test || s.generated {
		t.Errorf("this file is a test and written by hand, got %+v", s)
	}
}
