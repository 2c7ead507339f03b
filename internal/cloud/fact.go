package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// FactView is one fact of a site's record, as the API gives it out.
type FactView struct {
	Cursor string // continue after this one
	Epoch  uint64
	Number uint64
	Index  int // within its operation
	At     time.Time
	Kind   string
	Body   json.RawMessage // no personal data: facts hold ids
}

// Facts returns the facts of a site after a cursor, in the order of the record. An empty cursor
// starts at the beginning; Next continues, also when nothing more is there yet.
func (c *Cloud) Facts(ctx context.Context, p Principal, site locker.SiteID, cursor string, limit int) (Page[FactView], error) {
	var found Page[FactView]
	if !p.Allows(auth.ScopeRead) {
		return found, locker.Errorf(locker.CodeNotAllowed, "this token lacks the scope %q", string(auth.ScopeRead))
	}
	if _, err := c.findSite(ctx, p, site); err != nil {
		return found, err
	}
	var after factCursor
	if err := after.parse(cursor); err != nil {
		return found, err
	}
	found.Next = cursor
	limit = page(limit)
	rows, err := c.store.Read().ListOperations(ctx, db.ListOperationsParams{
		Site: string(site), AfterEpoch: after.epoch, AfterNumber: after.number - 1, Page: int32(limit) + 1,
	})
	if err != nil {
		return found, fmt.Errorf("list operations: %w", err)
	}
	for _, row := range rows {
		op, err := wire.DecodeOperation(row.Body)
		if err != nil {
			continue // kept, but this version cannot show it
		}
		for i, f := range op.Facts {
			at := factCursor{epoch: row.Epoch, number: row.Number, index: i}
			if at.compare(after) <= 0 && cursor != "" {
				continue
			}
			if len(found.Items) == limit {
				return found, nil
			}
			view, err := factView(op, at, f)
			if err != nil {
				return found, err
			}
			found.Items = append(found.Items, view)
			found.Next = view.Cursor
		}
	}
	return found, nil
}

func factView(op wire.Operation, at factCursor, f locker.Fact) (FactView, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return FactView{}, fmt.Errorf("encode a fact: %w", err)
	}
	if u, ok := f.(locker.Unknown); ok {
		body = []byte(u.Body)
	}
	return FactView{
		Cursor: at.String(), Epoch: uint64(at.epoch), Number: uint64(at.number), Index: at.index, At: op.At().Time(),
		Kind: f.Kind(), Body: body,
	}, nil
}

// factCursor is a place in the record of a site.
type factCursor struct {
	epoch, number int64
	index         int
}

// String returns the cursor as epoch-number-index.
func (f factCursor) String() string { return fmt.Sprintf("%d-%d-%d", f.epoch, f.number, f.index) }

func (f factCursor) compare(o factCursor) int {
	return cmp.Or(cmp.Compare(f.epoch, o.epoch), cmp.Compare(f.number, o.number), cmp.Compare(f.index, o.index))
}

func (f *factCursor) parse(text string) error {
	if text == "" {
		return nil
	}
	if _, err := fmt.Sscanf(text, "%d-%d-%d", &f.epoch, &f.number, &f.index); err != nil || f.String() != text {
		return locker.Errorf(locker.CodeInputInvalid, "the cursor is damaged: start at the beginning")
	}
	return nil
}
