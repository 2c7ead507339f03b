package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/text"
	"cubby/internal/web/planner/report"
)

func anAdvice() sizing.Advice {
	remedy := func(code sizing.RemedyCode, verdict sizing.Verdict) sizing.Remedy {
		week := sizing.RemedyWeek{
			Loss:  sizing.Interval{Value: 4, Low: 3, High: 6, Unit: "% of the parcels"},
			Saved: sizing.Interval{Value: 7, Low: 5, High: 9, Unit: "parcels per week"},
		}
		week.Classes = []sizing.ClassService{{Size: locker.SizeS, Doors: 12, Loss: week.Loss}}
		price := sizing.Figure{Low: 1, Mid: 2, High: 3, Source: "a list", Assumed: true}
		r := sizing.Remedy{Code: code, Verdict: verdict, Hold: 2, Normal: week, Peak: week}
		if code == sizing.OtherMix || code == sizing.ExtraColumn {
			r.Columns = []sizing.ColumnChange{{Columns: 2, To: []sizing.DoorCount{{Size: locker.SizeS, Doors: 12}}}}
			r.Price, r.Staff = &price, &price
		}
		return r
	}
	a := sizing.Advice{Name: "Dock 1", Currency: "USD", Helps: true, Best: sizing.OtherMix, Record: sizing.Record{
		From: "2026-01-05", To: "2026-02-01", Days: 28, Sizes: []sizing.SizeShare{{Size: locker.SizeS, Doors: 12, Parcels: 400, Lost: 20}},
	}}
	verdicts := sizing.Verdicts()
	for i, code := range sizing.RemedyCodes() {
		a.Remedies = append(a.Remedies, remedy(code, verdicts[min(i, len(verdicts)-1)]))
	}
	f := []sizing.Figure{{Low: 1, Mid: 2, High: 3}, {Low: 1, Mid: 2, High: 3}}
	for _, code := range sizing.AdviceReasonCodes() {
		r := sizing.Reason{Code: code, Figures: f, Words: []string{"mix", "2026-01-20"}, Text: "ENGLISH " + code}
		a.Findings = append(a.Findings, r)
	}
	a.Warnings = a.Findings
	return a
}

// TestAdvice_everyLanguage: every sentence of an advice is said in every language, on a page, in text and on paper.
func TestAdvice_everyLanguage(t *testing.T) {
	t.Parallel()
	catalog, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range text.Languages() {
		r, err := report.NewAdvice(anAdvice(), report.Options{Printer: catalog.For(l.Tag), At: time.Unix(1_780_000_000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		var page, plain, paper bytes.Buffer
		if err := r.HTML(&page); err != nil {
			t.Fatal(err)
		}
		if err := r.Text(&plain); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"advice.", "[report", "&lt;no value", "{{"} {
			if strings.Contains(page.String(), bad) {
				t.Errorf("%s: the page contains %q", l.Tag, bad)
			}
		}
		for line := range strings.SplitSeq(plain.String(), "\n") {
			if strings.Contains(line, "ENGLISH") && !strings.HasSuffix(line, "ENGLISH record") {
				t.Errorf("%s: nobody translated %q", l.Tag, line)
			}
		}
		if err := r.PDF(&paper); err != nil && l.Tag != "ar" { // paper cannot hold Arabic
			t.Errorf("%s: %v", l.Tag, err)
		}
		for _, thin := range []*sizing.ThinRecord{
			{}, {Parcels: 5, Uncollected: true}, {Parcels: 5, MissingDays: 3, Days: 11}, {Parcels: 5, Weekdays: 1}, {Parcels: 5, Missing: 45},
		} {
			if s := report.Thin(catalog.For(l.Tag), thin); s == "" || strings.Contains(s, "advice.") {
				t.Errorf("%s: %+v says %q", l.Tag, thin, s)
			}
		}
	}
}
