package cloud

import (
	"context"
	"encoding/json"
	"time"

	"cubby/internal/locker"
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
	return Page[FactView]{}, errLater
}
