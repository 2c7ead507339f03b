package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// TestKill_OlderCopy starts a copy of a controller's disk that is shorter than the server's record, then the
// one it was made of, then the copy again (ADR 0013). Each goes on in a newer epoch once, and no courier is
// given a door that nobody has looked into since; the one that was outrun seals no more, doubts its doors, and
// is refused. Recovering shuts out both.
func TestKill_OlderCopy(t *testing.T) {
	killSkipShort(t)
	r := newKillRig(t, killOptions{banks: 1, units: 4, tcp: true})
	r.startController()
	r.awaitDirectory()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p := r.person(0)
	var parcels []*killParcel
	store := func(unit int) {
		parcel, err := p.deposit(ctx, killUnit(unit))
		killMust(t, err)
		_, err = p.panel.act(ctx, "finish")
		killMust(t, err)
		killMust(t, p.readMail(ctx, parcel)) // the server has it
		parcels = append(parcels, parcel)
	}
	store(0)
	r.controller.stop(t)
	clone, kiosk := r.copyController("clone")
	r.startController()
	store(1)
	r.controller.stop(t)

	at := r.person(0)
	at.panel = newKillPanel(kiosk, "bank0", nil)
	killOutrun(t, r, clone...)
	copied := r.start(clone...)
	copied.await(t)
	r.incident(cloud.IncidentJournalSealed, "")
	if r.hasIncident(cloud.IncidentJournalFork, "") {
		t.Error("one computer that lost something is called two")
	}
	killNoDoor(ctx, t, at)
	copied.stop(t)

	killOutrun(t, r, "controller")
	r.startController()
	r.incident(cloud.IncidentJournalFork, "2, 3")
	killNoDoor(ctx, t, p)
	killMust(t, p.collect(ctx, parcels[1]))
	r.controller.stop(t)
	had := killServerCount(t, r)

	copied = r.start(clone...)
	copied.await(t)
	killEventually(t, 30*time.Second, "the copy says JOURNAL_FORK", func() bool {
		return strings.Contains(copied.output(), string(locker.CodeJournalFork))
	})
	killNoDoor(ctx, t, at)
	if now := killServerCount(t, r); now != had {
		t.Errorf("the server had %d operations and took %d of the copy", had, now-had)
	}
	copied.stop(t)

	kept := filepath.Join(r.dir, "kept")
	killMust(t, os.Rename(r.controllerDir(), kept))
	if out, err := r.run("controller", "recover", r.token()); err != nil || !strings.Contains(out, "epoch 4") {
		t.Fatalf("recover: %v: %s", err, out)
	}
	r.startController()
	r.awaitDirectory()
	killMust(t, p.collect(ctx, parcels[0]))
	r.controller.stop(t)
	for _, dir := range []string{kept, filepath.Join(r.dir, "clone")} {
		killOldComputer(t, r, dir)
	}
}

// killOutrun starts a controller that learns that the server has more than it: it ends and says why.
func killOutrun(t *testing.T, r *killRig, args ...string) {
	t.Helper()
	p := r.start(args...)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		t.Fatalf("it goes on:\n%s", p.tail(20))
	}
	if out := p.output(); !strings.Contains(out, "records that this journal has lost") {
		t.Errorf("it does not say why it ends:\n%s", p.tail(10))
	}
}
