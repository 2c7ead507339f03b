package report_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"cubby/internal/document"
	"cubby/internal/sizing"
	"cubby/internal/sizing/planfile"
	"cubby/internal/text"
	"cubby/internal/web/planner/report"
)

var update = flag.Bool("update", false, "write the golden files")

// solved answers the examples once: a report is a view of an answer.
var solved = sync.OnceValues(func() (map[string]sizing.Answer, error) {
	out := map[string]sizing.Answer{}
	for _, name := range []string{"plan-200", "plan-400"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "examples", name+".yaml"))
		if err != nil {
			return nil, err
		}
		p, err := planfile.Read(name, data)
		if err != nil {
			return nil, err
		}
		if out[name], err = sizing.Solve(context.Background(), p, sizing.Options{Seed: 1, Quick: true}); err != nil {
			return nil, err
		}
	}
	return out, nil
})

func made(t *testing.T, plan, language string) (*report.Report, sizing.Answer) {
	t.Helper()
	all, err := solved()
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.New(all[plan], report.Options{
		Printer: catalog.For(language), At: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, all[plan]
}

func TestText_Golden(t *testing.T) {
	t.Parallel()
	r, _ := made(t, "plan-200", "en")
	var out bytes.Buffer
	if err := r.Text(&out); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "plan-200.txt")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("the text differs from %s; look at it and run with -update:\n%s", golden, out.String())
	}
	for i, line := range strings.Split(out.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("line %d has %d characters: %s", i+1, n, line)
		}
	}
}

func TestForms_Languages(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{"plan-200", "plan-400"} {
		for _, language := range []string{"en", "es", "ar"} {
			r, _ := made(t, plan, language)
			var page, paper bytes.Buffer
			if err := r.HTML(&page); err != nil {
				t.Fatal(err)
			}
			for _, wrong := range []string{"[report.", "no value", "<script", "http://", "https://", "NaN", "%!"} {
				if at := strings.Index(strings.ReplaceAll(page.String(), "http://www.w3.org/2000/svg", ""), wrong); at >= 0 {
					t.Errorf("%s in %s: the page holds %q", plan, language, wrong)
				}
			}
			err := r.PDF(&paper)
			if arabic := language == "ar"; arabic != errors.Is(err, document.ErrScript) || !arabic && err != nil {
				t.Errorf("PDF of %s in %s: %v", plan, language, err)
			}
		}
	}
}

// Every estimate and every figure that the answer found stands in a table beside its unit.
func TestTables_HoldWhatTheAnswerFound(t *testing.T) {
	t.Parallel()
	r, a := made(t, "plan-400", "en")
	rows := map[string]bool{}
	for _, table := range r.Tables() {
		source := false
		for _, c := range table.Columns {
			source = source || c.Title == "Source"
		}
		if !source {
			t.Errorf("table %s has no source", table.Name)
		}
		for _, row := range table.Rows {
			for i := 2; i+1 < len(row); i++ {
				if unit, ok := row[i+1].(string); ok {
					rows[fmt.Sprint(row[i-2], row[i-1], row[i], unit)] = true
				}
			}
		}
	}
	found := 0
	walk(reflect.ValueOf(a), func(v reflect.Value) {
		switch x := v.Interface().(type) {
		case sizing.Interval:
			found++
			if x.Unit != "" && !rows[fmt.Sprint(x.Value, x.Low, x.High, x.Unit)] && !inRules(a, x) {
				t.Errorf("no table holds the interval %+v", x)
			}
		case sizing.Figure:
			found++
			if x.Unit == "" || x.Source == "" {
				t.Errorf("a figure of the answer has no unit or source: %+v", x)
			}
		}
	})
	if found < 300 {
		t.Fatalf("only %d figures found: does the walk still see the answer?", found)
	}
}

// The sensitivity's costs start from the formulas' own: without that row the ends of a figure may both lie below the cost
// of the recommendation.
func TestSensitivity_SaysWhereItStarts(t *testing.T) {
	t.Parallel()
	_, a := made(t, "plan-200", "en")
	a.Unmoved = sizing.SwingBase{Doors: 107, Cost: 15_812_300}
	a.Sensitivity = []sizing.Swing{{
		Code: "peak", Figure: a.Problem.Demand.PeakFactor, LowDoors: 107, HighDoors: 107, LowCost: 15_346_900, HighCost: 15_835_800,
	}}
	catalog, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.New(a, report.Options{Printer: catalog.For("en"), At: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := r.Text(&out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "All figures") || !strings.Contains(got, "158,123") {
		t.Errorf("the text does not say what the sensitivity starts from:\n%s", got[strings.Index(got, "What moves the answer"):])
	}
	for _, table := range r.Tables() {
		if table.Name == "sensitivity" && (len(table.Rows) != 2 || len(table.Rows[0]) != len(table.Columns)) {
			t.Errorf("%d rows, the first of %d cells in %d columns", len(table.Rows), len(table.Rows[0]), len(table.Columns))
		}
	}
}

func inRules(a sizing.Answer, x sizing.Interval) bool {
	for _, rule := range a.Rules {
		if rule.Loss == x || rule.Peak == x {
			return true
		}
	}
	return false
}

// walk visits the figures and estimates of an answer, not those of its problem: the basis has them.
func walk(v reflect.Value, visit func(reflect.Value)) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
	if v.Kind() != reflect.Struct {
		return
	}
	switch v.Interface().(type) {
	case sizing.Interval, sizing.Figure:
		visit(v)
		return
	case sizing.Problem:
		return
	}
	for i := range v.NumField() {
		walk(v.Field(i), visit)
	}
}

func TestXLSX_NumbersAndSheets(t *testing.T) {
	t.Parallel()
	r, _ := made(t, "plan-200", "es")
	var out bytes.Buffer
	if err := r.XLSX(&out); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out.Bytes(), []byte("PK")) {
		t.Error("the workbook is no archive")
	}
	files, err := r.CSV()
	if err != nil || len(files) != len(r.Tables()) {
		t.Fatalf("%d files, %v", len(files), err)
	}
}

func TestStyle_HasTheTokensOfTheProduct(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("page.css")
	if err != nil {
		t.Fatal(err)
	}
	product, err := os.ReadFile(filepath.Join("..", "..", "ui", "static", "app.css"))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.FieldsFunc(string(page), func(r rune) bool { return r == ';' || r == '\n' || r == '{' }) {
		field = strings.TrimSpace(field)
		if strings.HasPrefix(field, "--") && field != "--bg: #fff" && !strings.Contains(string(product), field) {
			t.Errorf("%q is no token of the product", field)
		}
	}
}
