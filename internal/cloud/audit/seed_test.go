package audit_test

import (
	"cubby/internal/cloud"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// spoil changes the server's tables behind its back.
func (w *world) spoil(do func(q *db.Queries) error) {
	w.tb.Helper()
	must(w.tb, w.store.Tx(w.ctx, do))
}

// resolve says that an incident of the site is done with.
func (w *world) resolve(kind incident.Kind) {
	w.tb.Helper()
	page, err := w.cloud.Incidents(w.ctx, w.owner, cloud.IncidentFilter{Site: w.site})
	must(w.tb, err)
	for _, i := range page.Items {
		if i.Kind == kind {
			must(w.tb, w.cloud.ResolveIncident(w.ctx, w.owner, i.ID, "seems fine"))
			return
		}
	}
	w.tb.Fatalf("no incident %s", kind)
}

// look records what somebody saw.
func (w *world) look(c locker.Audit) {
	w.tb.Helper()
	w.clock.add(1e9)
	facts, err := locker.Decide(w.state, c, locker.At(w.clock.now()))
	must(w.tb, err)
	w.record(facts...)
}

// again folds the server's copy of the record into the site's memory.
func (w *world) again() {
	w.tb.Helper()
	rows, err := w.store.Read().ListOperations(w.ctx, db.ListOperationsParams{Site: string(w.site), Page: 1000})
	must(w.tb, err)
	for _, row := range rows {
		op, err := wire.DecodeOperation(row.Body)
		must(w.tb, err)
		for _, f := range op.Facts {
			locker.Evolve(w.state, f, op.At())
		}
	}
}

func (w *world) movedOut(id locker.RecipientID) {
	w.tb.Helper()
	r, err := w.cloud.Recipient(w.ctx, w.owner, id)
	must(w.tb, err)
	_, err = w.cloud.PutRecipient(w.ctx, w.owner, r.Property, cloud.RecipientDraft{ID: id, Unit: r.Unit, Name: r.Name, Inactive: true})
	must(w.tb, err)
}
