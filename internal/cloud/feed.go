package cloud

import (
	"context"

	"cubby/internal/cloud/feed"
	"cubby/internal/locker"
)

// Change says what of a site changed, for live pages.
type Change = feed.Change

// Subscribe returns the changes of a site that the principal may see until ctx ends; the channel is
// then closed. A slow reader gets fewer, larger changes, never old ones. It watches what this
// process commits.
func (c *Cloud) Subscribe(ctx context.Context, p Principal, site locker.SiteID) (<-chan Change, error) {
	if _, err := c.findSite(ctx, p, site); err != nil {
		return nil, err
	}
	return c.feed.Watch(ctx, site), nil
}

// Publish tells live pages of a change that did not come through a use case.
func (c *Cloud) Publish(change Change) { c.feed.Publish(change) }
