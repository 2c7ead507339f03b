package client

import (
	"context"
	"net/http"
	"net/url"
)

// LogDelivery asks the site to book a parcel into a place. With Door a free door opens, which needs the scope open.
func (c *Client) LogDelivery(ctx context.Context, site string, d DeliveryDraft) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/parcels", site), d)
}

// UndoDelivery asks the site to take back a delivery that was logged a moment ago with Undo or Door.
func (c *Client) UndoDelivery(ctx context.Context, site, stay string) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/stays/%s/undo", site, stay), nil)
}

// HandOver asks the site to book parcels of shelves or the desk as handed to somebody.
func (c *Client) HandOver(ctx context.Context, site string, d HandOverDraft) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/hand-overs", site), d)
}

// Clear asks the site to book parcels as taken off a shelf or the desk; outcome is "returned", "moved" or
// "cleared".
func (c *Client) Clear(ctx context.Context, site string, stays []string, outcome, reason string) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/clearances", site), struct {
		Stays   []string `json:"stays"`
		Outcome string   `json:"outcome"`
		Reason  string   `json:"reason"`
	}{stays, outcome, reason})
}

// FindByCode returns what waits for the holder of a pick-up code, as typed or scanned.
func (c *Client) FindByCode(ctx context.Context, site, code string) ([]Parcel, error) {
	p, err := call[page[Parcel]](ctx, c, request{method: http.MethodPost, path: at("/sites/%s/codes/find", site), body: struct {
		Code string `json:"code"`
	}{code}})
	return p.Items, err
}

// Labels returns slips or labels as a PDF. The recipients of slips count as told.
func (c *Client) Labels(ctx context.Context, site string, d PrintDraft) ([]byte, error) {
	q := url.Values{"kind": {d.Kind}}
	if d.Language != "" {
		q.Set("lang", d.Language)
	}
	for _, stay := range d.Stays {
		q.Add("stays", stay)
	}
	for _, place := range d.Places {
		q.Add("places", place)
	}
	return c.send(ctx, request{method: http.MethodGet, path: at("/sites/%s/labels", site), query: q})
}

// PrintLabels prints slips or labels on the label printer of a site.
func (c *Client) PrintLabels(ctx context.Context, site string, d PrintDraft) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/labels", site), d)
}

// SlipsPrinted says that slips were printed elsewhere: their recipients count as told.
func (c *Client) SlipsPrinted(ctx context.Context, site string, stays []string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/slips", site), struct {
		Stays []string `json:"stays"`
	}{stays})
}

// Desk returns the settings of a site's front desk.
func (c *Client) Desk(ctx context.Context, site string) (DeskSettings, error) {
	return call[DeskSettings](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/desk", site)})
}

// SetDesk replaces the settings of a site's front desk.
func (c *Client) SetDesk(ctx context.Context, site string, s DeskSettings) error {
	return c.run(ctx, http.MethodPut, at("/sites/%s/desk", site), s)
}

// SetBankService asks to take every door of a bank out of service, or to put them back.
func (c *Client) SetBankService(ctx context.Context, site, bank string, out bool, reason string) (Asked, error) {
	return c.ask(ctx, http.MethodPatch, at("/sites/%s/banks/%s", site, bank), struct {
		Out    bool   `json:"out_of_service"`
		Reason string `json:"reason"`
	}{out, reason})
}

// Returns lists the parcels of a site that go back to their senders; carrier narrows it, empty: all.
func (c *Client) Returns(ctx context.Context, site, carrier string) ([]Parcel, error) {
	p, err := call[page[Parcel]](ctx, c, request{
		method: http.MethodGet, path: at("/sites/%s/returns", site), query: params().text("carrier", carrier).values,
	})
	return p.Items, err
}

// TakeReturns books what a courier scanned as returned, and says what was missing.
func (c *Client) TakeReturns(ctx context.Context, site string, r ReturnRound) (ReturnsTaken, error) {
	return call[ReturnsTaken](ctx, c, request{method: http.MethodPost, path: at("/sites/%s/returns/taken", site), body: r})
}
