package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"cubby/internal/sizing"
	"cubby/internal/sizing/cost"
	"cubby/internal/web/planner/report"
)

// workbook writes a report as a workbook and reads it back: rows by sheet, cells as they are kept.
func workbook(t *testing.T, r *report.Report) map[string][][]string {
	t.Helper()
	var out bytes.Buffer
	if err := r.XLSX(&out); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }() // of memory only
	sheets := map[string][][]string{}
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		sheets[name] = rows
	}
	return sheets
}

// cell is the cell of a row below a title; short rows end with empty cells.
func cell(t *testing.T, rows [][]string, row []string, title string) string {
	t.Helper()
	for i, head := range rows[0] {
		if head == title {
			if i < len(row) {
				return row[i]
			}
			return ""
		}
	}
	t.Fatalf("no column %q in %q", title, rows[0])
	return ""
}

// cents turns a cell of money into minor units.
func cents(t *testing.T, text string) int64 {
	t.Helper()
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	return rounded(v.Mul(v, big.NewRat(100, 1)))
}

// rounded rounds half away from zero by the decimal notation.
func rounded(v *big.Rat) int64 {
	n, _ := strconv.ParseInt(v.FloatString(0), 10, 64)
	return n
}

// Whoever has the workbook can compute every amount again, line by line, to the cent: as on invoices,
// each year's amount of each line is rounded before it is added.
func TestXLSX_CostsComputeAgainToTheCent(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{"plan-200", "plan-400"} {
		r, a := made(t, plan, "en")
		sheets := workbook(t, r)
		lines, costs := sheets["Cost lines"], sheets["Costs"]
		if len(lines) < 50 || len(costs) < 20 {
			t.Fatalf("%s: %d lines and %d costs in %d sheets", plan, len(lines), len(costs), len(sheets))
		}
		checked := 0
		for _, row := range costs[1:] {
			alternative, item := cell(t, costs, row, "Alternative"), cell(t, costs, row, "Item")
			for _, level := range []string{"low", "mid", "high"} {
				want := recompute(t, lines, [3]string{alternative, item, level}, a)
				for _, column := range []string{"start", "year", "total", "present"} {
					title := columnOf(t, costs[0], column, level)
					if got := cents(t, cell(t, costs, row, title)); got != want[column] {
						t.Errorf("%s, %s of %s, %s: the workbook says %d cents, its lines make %d", plan, item, alternative, title, got, want[column])
					}
					checked++
				}
			}
		}
		t.Logf("%s: %d amounts computed again", plan, checked)
	}
}

// columnOf finds the title of a column of amounts by what it says.
func columnOf(t *testing.T, heads []string, column, level string) string {
	t.Helper()
	begins := map[string]string{"start": "At the start", "year": "First year", "total": "All years", "present": "Present value"}[column]
	for _, head := range heads {
		if strings.HasPrefix(head, begins) && strings.Contains(head, level) {
			return head
		}
	}
	t.Fatalf("no column %s %s in %q", column, level, heads)
	return ""
}

// recompute adds up the lines of an item of an alternative at a level.
func recompute(t *testing.T, lines [][]string, of [3]string, a sizing.Answer) map[string]int64 {
	t.Helper()
	type line struct {
		product, growth *big.Rat
		timing          string
	}
	byNo, order := map[string]*line{}, []string{}
	for _, row := range lines[1:] {
		if cell(t, lines, row, "Alternative") != of[0] || cell(t, lines, row, "Item") != of[1] {
			continue
		}
		no := cell(t, lines, row, "Line (number)")
		l := byNo[no]
		if l == nil {
			l = &line{product: big.NewRat(1, 1), growth: big.NewRat(1, 1), timing: cell(t, lines, row, "When")}
			byNo[no], order = l, append(order, no)
		}
		head := map[string]string{"low": "Low", "mid": "Mid", "high": "High"}[of[2]]
		v, ok := new(big.Rat).SetString(cell(t, lines, row, head))
		if !ok {
			t.Fatalf("%q is no figure", row)
		}
		hundredth := new(big.Rat).Mul(v, big.NewRat(1, 100))
		switch use := cell(t, lines, row, "Use"); use {
		case "multiplies":
			l.product.Mul(l.product, v)
		case "multiplies, as a percentage":
			l.product.Mul(l.product, hundredth)
		case "divides":
			l.product.Quo(l.product, v)
		case "grows by this every year":
			l.growth.Add(l.growth, hundredth)
		default:
			t.Fatalf("a factor is used %q", use)
		}
	}
	years := a.Problem.HorizonYears
	discount, _ := new(big.Rat).SetString(fmt.Sprint(a.Problem.Discount.Mid))
	discount.Mul(discount, big.NewRat(1, 100)).Add(discount, big.NewRat(1, 1))
	sums, present := map[string]int64{}, new(big.Rat)
	for _, no := range order {
		l := byNo[no]
		amount, worth := new(big.Rat).Mul(l.product, big.NewRat(100, 1)), big.NewRat(1, 1)
		for year := 0; year <= years; year++ {
			if year > 1 {
				amount.Mul(amount, l.growth)
			}
			if year > 0 {
				worth.Quo(worth, discount)
			}
			if !fallsDue(t, l.timing, year, years) {
				continue
			}
			minor := rounded(amount)
			sums["total"] += minor
			switch year {
			case 0:
				sums["start"] += minor
			case 1:
				sums["year"] += minor
			}
			present.Add(present, new(big.Rat).Mul(new(big.Rat).SetInt64(minor), worth))
		}
	}
	sums["present"] = rounded(present)
	return sums
}

func fallsDue(t *testing.T, timing string, year, years int) bool {
	t.Helper()
	switch timing {
	case "at the start":
		return year == 0
	case "every year":
		return year > 0
	}
	var every int
	if _, err := fmt.Sscanf(timing, "every %d year", &every); err != nil {
		t.Fatalf("a line falls due %q: %v", timing, err)
	}
	return year > 0 && year < years && year%every == 0
}

// The workbook and the files hold the same figures as the JSON.
func TestXLSX_EqualsTheJSON(t *testing.T) {
	t.Parallel()
	r, a := made(t, "plan-400", "en")
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var back sizing.Answer
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	sheets := workbook(t, r)
	levels := sheets["Service levels"]
	same := func(row []string, head string, want float64) {
		t.Helper()
		got, err := strconv.ParseFloat(cell(t, levels, row, head), 64)
		if err != nil || got != want {
			t.Errorf("%q: %s is %v (%v), the JSON has %v", row, head, got, err, want)
		}
	}
	found := 0
	for _, row := range levels[1:] {
		if !strings.HasPrefix(cell(t, levels, row, "Alternative"), "Recommended") || cell(t, levels, row, "Service level") != "Lost, all sizes" {
			continue
		}
		var of sizing.Interval
		switch cell(t, levels, row, "Week") {
		case "normal week":
			of = back.Recommended.Normal.Loss
		case "peak week":
			of = back.Recommended.Peak.Loss
		default:
			continue
		}
		found++
		same(row, "Value", of.Value)
		same(row, "Lower 95 % limit", of.Low)
		same(row, "Upper 95 % limit", of.High)
	}
	if found != 2 {
		t.Errorf("%d rows of the loss of the recommended alternative, want 2", found)
	}
	costs := sheets["Costs"]
	sum := int64(0)
	for _, row := range costs[1:] {
		if strings.HasPrefix(cell(t, costs, row, "Alternative"), "Recommended") {
			sum += cents(t, cell(t, costs, row, columnOf(t, costs[0], "present", "mid")))
		}
	}
	if sum != back.Recommended.Cost.Present.Mid {
		t.Errorf("the items are worth %d cents, the JSON has %d", sum, back.Recommended.Cost.Present.Mid)
	}
	if len(sheets["Costs"])-1 != rowsOf(back.All(), back.Smaller, back.Larger) {
		t.Errorf("%d rows of costs", len(sheets["Costs"])-1)
	}
	filesHold(t, r, sheets)
}

func rowsOf(all []sizing.Alternative, more ...*sizing.Alternative) int {
	n := 0
	count := func(c cost.Result) { n += len(c.Rows) }
	for _, a := range all {
		count(a.Cost)
	}
	for _, a := range more {
		if a != nil {
			count(a.Cost)
		}
	}
	return n
}

// filesHold compares the CSV files with the sheets: as many rows, the same titles, every cell of text.
func filesHold(t *testing.T, r *report.Report, sheets map[string][][]string) {
	t.Helper()
	files, err := r.CSV()
	if err != nil {
		t.Fatal(err)
	}
	for i, table := range r.Tables() {
		rows, err := csv.NewReader(bytes.NewReader(files[i].Data)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", files[i].Name, err)
		}
		sheet := sheets[table.Name]
		if len(rows) != len(sheet) || strings.Join(rows[0], "|") != strings.Join(sheet[0], "|") {
			t.Errorf("%s has %d rows under %q, the sheet %d under %q", files[i].Name, len(rows), rows[0], len(sheet), sheet[0])
		}
	}
}
