package notice_test

import (
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

func TestPrinted_CountsAsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Whoever has no address is told by a slip, even before the first notice is due.
	w.ingest(w.depositFacts("s1", "main/A01", w.ben)...)
	must(t, w.notifier.Printed(w.ctx, w.owner, w.site, "s1"))
	must(t, w.notifier.Printed(w.ctx, w.owner, w.site, "s1")) // once more
	w.work()
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("told on paper, and yet: %+v", found)
	}
	rows := w.notices("s1")
	if len(rows) != 1 || rows[0].Channel != "slip" || rows[0].State != "sent" {
		t.Errorf("notices %+v", rows)
	}
	// A slip that comes late settles what was raised; one with an old code counts no more.
	w.stored("s2", "main/A02", w.ben)
	w.work()
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 {
		t.Fatalf("nobody could be told, and yet %d incidents", len(found))
	}
	must(t, w.notifier.Printed(w.ctx, w.owner, w.site, "s2"))
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("incidents are still %+v", found)
	}
	w.ingest(locker.CodeReissued{Stay: "s2", Key: w.key, Generation: 2})
	w.work()
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 {
		t.Errorf("the slip shows an old code: %d incidents", len(found))
	}
	w.collected("s1", "main/A01", w.ben)
	wantCode(t, w.notifier.Printed(w.ctx, w.owner, w.site, "s1"), locker.CodeConflict)
}
