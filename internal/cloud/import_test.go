package cloud_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
)

func importInput(w *world, text string) cloud.ImportInput {
	return cloud.ImportInput{Site: w.site, Data: []byte(text)}
}

func (w *world) recipients() map[string]cloud.RecipientView {
	w.t.Helper()
	found := map[string]cloud.RecipientView{}
	page, err := w.Recipients(w.ctx, w.owner, cloud.RecipientFilter{Site: w.site, Inactive: true, Limit: cloud.MaxPage})
	must(w.t, err)
	for _, r := range page.Items {
		found[r.Name] = r
	}
	return found
}

func TestImport_PlanThenApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vacation := w.clock.now().Add(48 * time.Hour)
	_, err := w.PutRecipient(w.ctx, w.owner, w.property, cloud.RecipientDraft{
		ID: w.ana, Unit: w.unit, Name: "Ana García", Email: "ana@example.org", Language: "es", VacationUntil: vacation,
	})
	must(t, err)
	file := "Unit;Unit Number;Name;E-mail;Language\n4B;402;Ana García;ana@new.example.org;\n7C;703;Zoe Ruiz;zoe@example.org;Spanish\n5A;;Ben Smith;;\n"
	guess, err := w.GuessMapping(w.ctx, w.owner, []byte(file))
	must(t, err)
	if guess.Rows != 3 || guess.Separator != ';' || guess.Columns[3].Guess != importer.FieldEmail ||
		guess.Columns[1].Samples[1] != "703" || len(guess.Mapping()) != 5 {
		t.Errorf("guess %+v", guess)
	}
	plan, err := w.PlanImport(w.ctx, w.owner, importInput(w, file))
	must(t, err)
	if plan.ID == "" || plan.Add != 1 || plan.Change != 1 || plan.Unchanged != 1 || plan.UnitsAdd != 1 || plan.UnitsEdit != 0 ||
		plan.Faulty != 0 || len(plan.Changes) != 2 {
		t.Fatalf("plan %+v", plan)
	}
	if _, there := w.recipients()["Zoe Ruiz"]; there {
		t.Fatal("the plan wrote something")
	}
	before := w.directory().To
	result, err := w.ApplyImport(w.ctx, w.owner, plan.ID)
	must(t, err)
	if want := (cloud.ImportResult{Added: 1, Changed: 1, UnitsAdded: 1}); result != want {
		t.Errorf("result %+v", result)
	}
	people := w.recipients()
	zoe, ana := people["Zoe Ruiz"], people["Ana García"]
	if zoe.Email != "zoe@example.org" || zoe.Language != "es" || zoe.UnitName != "7C" || zoe.UnitNumber != "703" {
		t.Errorf("zoe is %+v", zoe)
	}
	if ana.Email != "ana@new.example.org" || ana.Language != "es" || !ana.VacationUntil.Equal(vacation) {
		t.Errorf("ana is %+v", ana)
	}
	if _, err := w.RecipientLink(w.ctx, w.owner, zoe.ID); err != nil {
		t.Errorf("zoe has no page: %v", err)
	}
	if got := w.directory().To; got != before+3 { // a unit and two recipients
		t.Errorf("revision %d after %d", got, before)
	}
	replica, _ := w.replica()
	if replica.Recipients[zoe.ID].Name != "Zoe Ruiz" || replica.Units[zoe.Unit].Number != "703" {
		t.Error("the site does not know zoe")
	}
	_, err = w.ApplyImport(w.ctx, w.owner, plan.ID)
	wantCode(t, err, locker.CodeNotFound)
	again, err := w.PlanImport(w.ctx, w.owner, importInput(w, file))
	must(t, err)
	if again.ID != "" || again.Unchanged != 3 {
		t.Errorf("the same file again: %+v", again)
	}
}

func TestImport_ProblemsWriteNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := importInput(w, "Unit,Name,E-mail\n9Z,Good,good@example.org\n9Z,Bad,nowhere\n")
	plan, err := w.PlanImport(w.ctx, w.owner, in)
	must(t, err)
	if plan.ID != "" || plan.Faulty != 1 || plan.Rows != 2 || len(plan.Problems) != 1 || plan.Problems[0].Line != 3 || plan.Problems[0].Column != "E-mail" {
		t.Fatalf("plan %+v", plan)
	}
	in.SkipFaulty, in.DeactivateGone = true, true
	plan, err = w.PlanImport(w.ctx, w.owner, in)
	must(t, err)
	result, err := w.ApplyImport(w.ctx, w.owner, plan.ID)
	must(t, err)
	if result.Added != 1 || result.Deactivated != 0 {
		t.Errorf("result %+v", result)
	}
	for name, in := range map[string]cloud.ImportInput{
		"empty":     importInput(w, ""),
		"no unit":   importInput(w, "Name,E-mail\nA,a@example.org\n"),
		"too large": {Site: w.site, Data: make([]byte, cloud.MaxImportBytes+1)},
		"mapping":   {Site: w.site, Data: []byte("a,b\n1,2\n"), Mapping: importer.Mapping{"unit", "unit"}},
	} {
		_, err := w.PlanImport(w.ctx, w.owner, in)
		wantCode(t, err, locker.CodeImportInvalid)
		if err.Error() == "" {
			t.Errorf("%s: no words", name)
		}
	}
}

func TestImport_Conflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan, err := w.PlanImport(w.ctx, w.owner, importInput(w, "Unit,Name\n9Z,Zed\n"))
	must(t, err)
	_, err = w.PutRecipient(w.ctx, w.owner, w.property, cloud.RecipientDraft{Unit: w.unit, Name: "Newcomer"})
	must(t, err)
	_, err = w.ApplyImport(w.ctx, w.owner, plan.ID)
	wantCode(t, err, locker.CodeConflict)
	if _, there := w.recipients()["Zed"]; there {
		t.Error("a refused import wrote something")
	}
	plan, err = w.PlanImport(w.ctx, w.owner, importInput(w, "Unit,Name\n9Z,Zed\n"))
	must(t, err)
	w.clock.add(cloud.ImportLife)
	_, err = w.ApplyImport(w.ctx, w.owner, plan.ID)
	wantCode(t, err, locker.CodeNotFound)
}

func TestImport_GoneAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	apply := func(text string, gone bool) cloud.ImportResult {
		in := importInput(w, text)
		in.DeactivateGone = gone
		plan, err := w.PlanImport(w.ctx, w.owner, in)
		must(t, err)
		result, err := w.ApplyImport(w.ctx, w.owner, plan.ID)
		must(t, err)
		return result
	}
	apply("Unit,Name,ID\n9Z,Zed,1\n9Z,Yan,2\n", false)
	plan, err := w.PlanImport(w.ctx, w.owner, importInput(w, "Unit,Name,ID\n9Z,Zed,1\n"))
	must(t, err)
	if plan.Gone != 1 || plan.ID != "" {
		t.Errorf("plan %+v", plan)
	}
	if r := apply("Unit,Name,ID\n9Z,Zed,1\n", true); r.Deactivated != 1 {
		t.Errorf("result %+v", r)
	}
	people := w.recipients()
	if !people["Yan"].Inactive || people["Zed"].Inactive || people["Ana García"].Inactive {
		t.Errorf("people %+v", people)
	}
	replica, _ := w.replica()
	if !replica.Recipients[people["Yan"].ID].Inactive {
		t.Error("the site does not know that Yan left")
	}
	if r := apply("Unit,Name,ID\n9Z,Zed,1\n9Z,Yan,2\n", true); r.Changed != 1 || w.recipients()["Yan"].Inactive {
		t.Errorf("result %+v", r)
	}
}

func TestImport_Rights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan, err := w.PlanImport(w.ctx, w.owner, importInput(w, "Unit,Name\n9Z,Zed\n"))
	must(t, err)
	staff, stranger := w.owner, w.owner
	staff.Roles, stranger.Organization = []cloud.Role{cloud.RoleStaff}, "other"
	_, err = w.GuessMapping(w.ctx, staff, []byte("a\nb\n"))
	wantCode(t, err, locker.CodeNotAllowed)
	_, err = w.PlanImport(w.ctx, staff, importInput(w, "Unit,Name\n9Z,Zed\n"))
	wantCode(t, err, locker.CodeNotAllowed)
	_, err = w.ApplyImport(w.ctx, staff, plan.ID)
	wantCode(t, err, locker.CodeNotAllowed)
	_, err = w.PlanImport(w.ctx, stranger, importInput(w, "Unit,Name\n9Z,Zed\n"))
	wantCode(t, err, locker.CodeNotFound)
	_, err = w.ApplyImport(w.ctx, stranger, plan.ID)
	wantCode(t, err, locker.CodeNotFound)
	for range 10 { // only the newest are kept
		_, err = w.PlanImport(w.ctx, w.owner, importInput(w, "Unit,Name\n9Z,Zed\n"))
		must(t, err)
	}
	_, err = w.ApplyImport(w.ctx, w.owner, plan.ID)
	wantCode(t, err, locker.CodeNotFound)
}

// residentFile is a file of n residents, four to a unit.
func residentFile(n int) []byte {
	var b strings.Builder
	b.WriteString("Unit,Unit Number,Name,E-mail,Language,Resident ID\n")
	for i := range n {
		fmt.Fprintf(&b, "T%d,%d,Resident Number %d,r%d@x.example,en,%d\n", i/4, i/4, i, i, i)
	}
	return []byte(b.String())
}

// BenchmarkImport takes 50,000 residents from the file to the tables and the directory.
func BenchmarkImport(b *testing.B) {
	data := residentFile(cloud.MaxImportRows)
	if len(data) > cloud.MaxImportBytes {
		b.Fatalf("the file has %d bytes", len(data))
	}
	for b.Loop() {
		w := newWorld(b)
		start := time.Now()
		plan, err := w.PlanImport(w.ctx, w.owner, cloud.ImportInput{Site: w.site, Data: data})
		must(b, err)
		planned := time.Since(start)
		result, err := w.ApplyImport(w.ctx, w.owner, plan.ID)
		must(b, err)
		if result.Added != cloud.MaxImportRows {
			b.Fatalf("added %d", result.Added)
		}
		b.ReportMetric(planned.Seconds(), "s/plan")
		b.ReportMetric(time.Since(start).Seconds(), "s/import")
		site, err := w.Site(w.ctx, w.owner, w.site)
		must(b, err)
		if site.Rev < cloud.MaxImportRows {
			b.Fatalf("revision %d", site.Rev)
		}
	}
}
