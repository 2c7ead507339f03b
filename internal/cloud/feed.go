package cloud

import (
	"context"

	"cubby/internal/locker"
)

// Change says what of a site changed, for live pages. Changes that wait are folded together.
type Change struct {
	Site      locker.SiteID
	Places    []locker.PlaceID // changed, sorted; none with All
	All       bool             // draw everything again: the layout or too much changed
	Tiles     bool             // counts changed
	Incidents bool             // incidents changed
	Health    bool             // link or health changed
}

// Subscribe returns the changes of a site that the principal may see until ctx ends; the channel is
// then closed. A slow reader gets fewer, larger changes, never old ones.
func (c *Cloud) Subscribe(ctx context.Context, p Principal, site locker.SiteID) (<-chan Change, error) {
	return nil, errLater
}
