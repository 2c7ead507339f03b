package e2e_test

import (
	"archive/tar"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/locker"
)

// killOldRecord is what a lost computer has recorded before anybody stores a parcel: enough for a head
// that the server has signed.
const killOldRecord = 400

// TestKill_RecoverController loses a controller's computer and puts another in its place. The site comes
// back from the server's copy of the record: what lay in the doors can be collected, every door is
// unverified until staff have looked into it, the kiosk says whom to call meanwhile, and the record of both
// computers verifies as one.
func TestKill_RecoverController(t *testing.T) {
	killSkipShort(t)
	r := newKillRig(t, killOptions{banks: 1, units: 4, tcp: true})
	killBacklog(t, r, killOldRecord, 4)
	r.startController()
	killEventually(t, 30*time.Second, "the server has the record", func() bool { return killServerCount(t, r) >= killOldRecord })
	r.controller.stop(t)
	r.startController() // sends its head first of all
	r.awaitDirectory()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p := r.person(0)
	var parcels []*killParcel
	for i := range 2 {
		parcel, err := p.deposit(ctx, killUnit(i))
		killMust(t, err)
		parcels = append(parcels, parcel)
	}
	_, err := p.panel.act(ctx, "finish")
	killMust(t, err)
	for _, parcel := range parcels {
		killMust(t, p.readMail(ctx, parcel)) // so the server has the record up to there
	}
	killEventually(t, 60*time.Second, "the server has signed a head", func() bool { return killHeads(t, r, 1) > 0 })
	if out, err := r.run("controller", "recover", r.token()); err == nil || !strings.Contains(out, "holds the record") {
		t.Errorf("a computer that has its record is recovered over it: %v: %s", err, out)
	}
	r.controller.kill()
	before := killServerOperations(t, r)
	lost := filepath.Join(r.dir, "lost")
	killMust(t, os.Rename(r.controllerDir(), lost))

	token := r.token()
	for range 2 { // whoever is not sure that it worked does it again
		out, err := r.run("controller", "recover", token)
		if err != nil || !strings.Contains(out, "2 parcels") || !strings.Contains(out, "epoch 2") {
			t.Fatalf("recover: %v: %s", err, out)
		}
		t.Log(out)
	}
	t.Logf("the new computer is ready after %v", r.startController())
	killAuditing(t, p, true)
	killMust(t, p.collect(ctx, parcels[0])) // nobody is locked out of a parcel
	killNoDoor(ctx, t, p)
	_, err = p.panel.code(ctx, r.staff)
	killMust(t, err)
	if page, err := p.panel.get(ctx, "?view=column&column=1"); err != nil || len(page.faulty()) < killDoors-1 {
		t.Errorf("staff see %d doors that nobody has looked into, want all %d: %v", len(page.faulty()), killDoors, err)
	}
	_, err = p.panel.act(ctx, "finish")
	killMust(t, err)
	_, err = p.lookInto(ctx, nil)
	killMust(t, err)
	killAuditing(t, p, false)
	killMust(t, p.collect(ctx, parcels[1]))
	_, err = p.deposit(ctx, killUnit(2))
	killMust(t, err)
	killTwoEpochs(t, r, before)
	killOldComputer(t, r, lost)
}

// killHeads counts the heads of an epoch that the server has countersigned.
func killHeads(tb testing.TB, r *killRig, epoch int) (n int) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.serverDir(), "cubby.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	killMust(tb, err)
	defer db.Close()
	killMust(tb, db.QueryRow("SELECT count(*) FROM heads WHERE site = ? AND epoch = ? AND countersigned", string(killSite), epoch).Scan(&n))
	return n
}

// killAuditing checks that the kiosk says in each language that the doors are checked, and whom to call.
func killAuditing(t *testing.T, p *killPerson, want bool) {
	t.Helper()
	for lang, says := range map[string]string{"en": "being checked", "es": "Revisamos", "ar": "نفحص"} {
		page, err := p.panel.get(t.Context(), "?lang="+lang)
		killMust(t, err)
		if got := strings.Contains(page.text, says) && strings.Contains(page.text, "+1 555 0101"); got != want {
			t.Errorf("the kiosk says %t in %s that the doors are checked, want %t: %s", got, lang, want, page.text)
		}
	}
}

// killNoDoor checks that a courier gets no door while nobody has looked into them.
func killNoDoor(ctx context.Context, t *testing.T, p *killPerson) {
	t.Helper()
	page, err := p.panel.code(ctx, p.rig.courier)
	killMust(t, err)
	for _, act := range [][]string{{"parcel", "tracking", "1Z9"}, {"find", "text", killUnit(3)}, {"size", "size", "S"}} {
		page, err = p.panel.act(ctx, act[0], act[1:]...)
		killMust(t, err)
		if m := killMatch.FindStringSubmatch(page.body); m != nil {
			page, err = p.panel.act(ctx, "choose", "ref", m[1])
			killMust(t, err)
		}
	}
	if page.step != "courier_options" {
		t.Errorf("a courier was given a door that nobody has looked into: %s: %s", page.step, page.text)
	}
	_, err = p.panel.act(ctx, "finish")
	killMust(t, err)
}

// killTwoEpochs checks that the server has the old computer's record as it was and the new one's after it,
// and that both verify, alone and together.
func killTwoEpochs(t *testing.T, r *killRig, before []killOperation) {
	t.Helper()
	r.controller.stop(t)
	ops := killJournal(t, r)
	r.startController()
	killEventually(t, 30*time.Second, "the server has both records", func() bool {
		return killServerCount(t, r) >= len(before)+len(ops)
	})
	killEventually(t, 60*time.Second, "the server has signed a head of the new one", func() bool { return killHeads(t, r, 2) > 0 })
	r.controller.stop(t)
	ops = killJournal(t, r)
	theirs := killServerOperations(t, r)
	if n := killServerCount(t, r); n > len(before)+len(ops) {
		t.Errorf("the server has %d operations, the sites %d and %d", n, len(before), len(ops))
	}
	for i, op := range theirs {
		want := slices.Concat(before, ops)[i]
		if !bytes.Equal(op.body, want.body) {
			t.Fatalf("operation %d is %v at the server, want %v", i+1, op.Position(), want.Position())
		}
	}
	began, ok := ops[0].Facts[0].(locker.EpochBegan)
	if !ok || !began.Audit || ops[0].Epoch != 2 || began.Sealed != "" {
		t.Errorf("the new record begins with %+v at %v", ops[0].Facts, ops[0].Position())
	}
	key := filepath.Join(r.controllerDir(), app.IdentityFile)
	if out, err := r.run("verify", "--site-key", key, r.journal()); err != nil || !strings.Contains(out, "verified:") {
		t.Errorf("verify the journal: %v: %s", err, out)
	}
	all := filepath.Join(r.dir, "all.tar")
	if out, err := r.run("export", "--all", all); err != nil {
		t.Fatalf("export: %v: %s", err, out)
	}
	killUnpack(t, all, r.dir)
	public, err := os.ReadFile(filepath.Join(r.dir, app.ExportPublic))
	killMust(t, err)
	out, err := r.run("verify", "--server-key", strings.TrimSpace(string(public)), filepath.Join(r.dir, app.ExportJournals, string(killSite)+".jsonl"))
	if err != nil || !strings.Contains(out, "epoch 1: ") || !strings.Contains(out, "epoch 2: ") || !strings.Contains(out, "verified:") {
		t.Errorf("verify the record of both computers: %v: %s", err, out)
	}
	t.Log(out)
	args := []string{"verify", "--site-key", key, filepath.Join(r.dir, app.ExportJournals, string(killSite)+".jsonl")}
	if out, err := r.run(args...); err == nil || !strings.Contains(out, "NOT VERIFIED") {
		t.Errorf("the record of both computers, with the key of the new one: %v: %s", err, out)
	}
	args = append(args, "--site-key", filepath.Join(r.dir, "lost", app.IdentityFile))
	if out, err := r.run(args...); err != nil || !strings.Contains(out, "verified:") {
		t.Errorf("the record of both computers, with the keys of both: %v: %s", err, out)
	}
}

// killUnpack writes the files of an archive into a folder.
func killUnpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	killMust(t, err)
	defer f.Close()
	for files := tar.NewReader(f); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		killMust(t, err)
		data, err := io.ReadAll(files)
		killMust(t, err)
		if !filepath.IsLocal(head.Name) || strings.HasSuffix(head.Name, "/") {
			continue
		}
		path := filepath.Join(dir, head.Name)
		killMust(t, os.MkdirAll(filepath.Dir(path), 0o700))
		killMust(t, os.WriteFile(path, data, 0o600))
	}
}

// killOldComputer starts the computer that was lost: the server does not know it any more.
func killOldComputer(t *testing.T, r *killRig, dir string) {
	t.Helper()
	n := killServerCount(t, r)
	old := r.start("--set", "controller.data_dir="+dir, "--set", "controller.kiosk.listen="+killAddress(t), "controller")
	old.await(t)
	killEventually(t, 20*time.Second, "the lost computer is told that it is none any more", func() bool {
		return strings.Contains(old.output(), string(locker.CodeNotAllowed))
	})
	old.stop(t)
	if now := killServerCount(t, r); now != n {
		t.Errorf("the server took %d operations of the lost computer", now-n)
	}
}
