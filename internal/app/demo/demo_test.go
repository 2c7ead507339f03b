package demo_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"cubby/internal/app/demo"
	"cubby/internal/store"
)

// A whole house runs a few parcels through real ports, mails and a cut link, and everything holds.
// It takes some seconds of real time: the governor leaves a second between two pulses.
func TestHouse_RunsParcelsWithTheLinkCut(t *testing.T) {
	t.Parallel()
	house, err := demo.Start(context.WithoutCancel(t.Context()), demo.Options{
		Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
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
