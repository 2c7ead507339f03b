package demo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/config"
	"cubby/internal/journal"
	"cubby/internal/store"
)

// A whole house runs a few parcels through real ports, mails and a cut link, and everything holds.
// It takes some seconds of real time: the governor leaves a second between two pulses.
func TestHouse_RunsParcelsWithTheLinkCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	house, err := demo.Start(context.WithoutCancel(t.Context()), demo.Options{
		Dir: dir, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := house.Stop(); err != nil {
			t.Error(err)
		}
	}()
	task := demo.Task{Parcels: 4, Seed: 11, CutLink: true}
	result, err := house.Run(t.Context(), task)
	if err != nil {
		t.Fatalf("%v; found %+v", err, result)
	}
	if !result.Held(task) {
		t.Errorf("not everything held: %+v", result)
	}
	exportWhileItRuns(t, filepath.Join(dir, string(demo.BankSite)), result)
}

// The record can be written down for others beside the running controller, and verifies there.
func exportWhileItRuns(t *testing.T, dir string, result demo.Result) {
	t.Helper()
	opts := app.SiteOptions{Config: config.Controller{DataDir: dir}, Now: time.Now}
	var export bytes.Buffer
	if err := app.ExportJournal(t.Context(), opts, &export, false); err != nil {
		t.Fatal(err)
	}
	report, err := journal.VerifyExport(&export, journal.VerifyOptions{})
	if err != nil || report.Fault() != nil || report.Records() == 0 {
		t.Errorf("the export of %d facts: %d records, %v, %v", result.FactsSite, report.Records(), report.Fault(), err)
	}
}

func TestHeld_SaysNoToEveryDifference(t *testing.T) {
	t.Parallel()
	task := demo.Task{Parcels: 3}
	good := demo.Result{
		Stored: 3, Collected: 3, Notified: 3, DoorsOpened: 6, FactsSite: 50, FactsServer: 50, JournalVerified: true,
	}
	if !good.Held(task) {
		t.Fatal("a good run was refused")
	}
	for name, spoil := range map[string]func(*demo.Result){
		"lost":       func(r *demo.Result) { r.Stored-- },
		"left":       func(r *demo.Result) { r.Collected-- },
		"told twice": func(r *demo.Result) { r.Notified++ },
		"pulse":      func(r *demo.Result) { r.DoorsOpened++ },
		"grant":      func(r *demo.Result) { r.OpenedWithoutGrant = 1 },
		"incident":   func(r *demo.Result) { r.OpenIncidents = 1 },
		"facts":      func(r *demo.Result) { r.FactsServer-- },
		"journal":    func(r *demo.Result) { r.JournalVerified = false },
	} {
		r := good
		spoil(&r)
		if r.Held(task) {
			t.Errorf("%s: the run was accepted", name)
		}
	}
}
