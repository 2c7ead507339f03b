package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Units lists the units of a site's property.
func (c *Client) Units(ctx context.Context, site string) iter.Seq2[Unit, error] {
	return list[Unit](ctx, c, at("/sites/%s/units", site), nil)
}

// CreateUnit creates a unit and returns its id.
func (c *Client) CreateUnit(ctx context.Context, site string, d UnitDraft) (string, error) {
	return made(ctx, c, at("/sites/%s/units", site), d)
}

// UpdateUnit replaces a unit.
func (c *Client) UpdateUnit(ctx context.Context, site, unit string, d UnitDraft) error {
	return c.run(ctx, http.MethodPut, at("/sites/%s/units/%s", site, unit), d)
}

// Residents lists residents, employees and offices by name; text (a unit, or the beginning of a name)
// chooses unless it is empty. With inactive those who left are in the list too.
func (c *Client) Residents(ctx context.Context, site, text string, inactive bool) iter.Seq2[Resident, error] {
	return list[Resident](ctx, c, at("/sites/%s/residents", site), params().text("q", text).flag("inactive", inactive).values)
}

// Resident returns a resident.
func (c *Client) Resident(ctx context.Context, id string) (Resident, error) {
	return call[Resident](ctx, c, request{method: http.MethodGet, path: at("/residents/%s", id)})
}

// CreateResident creates a resident and returns the id.
func (c *Client) CreateResident(ctx context.Context, site string, d ResidentDraft) (string, error) {
	return made(ctx, c, at("/sites/%s/residents", site), d)
}

// Edit is what changes of something, by the names of the JSON fields: those that are missing stay as they
// are, nil takes a value away.
type Edit map[string]any

// UpdateResident changes a resident, e.g. Edit{"phone": nil, "low_door": true}.
func (c *Client) UpdateResident(ctx context.Context, id string, e Edit) error {
	return c.run(ctx, http.MethodPatch, at("/residents/%s", id), e)
}

// DeactivateResident makes a resident inactive: nothing new is stored for them.
func (c *Client) DeactivateResident(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodPost, at("/residents/%s/deactivate", id), nil)
}

// ResidentLink returns the address of a resident's page.
func (c *Client) ResidentLink(ctx context.Context, id string) (string, error) {
	return c.link(ctx, at("/residents/%s/link", id))
}

// RenewResidentLink makes the old address of a resident's page worthless and returns a new one.
func (c *Client) RenewResidentLink(ctx context.Context, id string) (string, error) {
	return c.link(ctx, at("/residents/%s/link/renew", id))
}

func (c *Client) link(ctx context.Context, path string) (string, error) {
	l, err := call[struct{ URL string }](ctx, c, request{method: http.MethodPost, path: path})
	return l.URL, err
}

// ImportDraft is a list of residents to import.
type ImportDraft struct {
	List           []byte // CSV; the first line names the columns
	Source         string // system that it comes from; empty: csv
	Mapping        string // what each column holds, by commas; empty: as the headers say
	SkipFaulty     bool   // import the rows without problems; otherwise one problem stops all
	DeactivateGone bool   // make inactive whom the source brought before and the list lacks
}

// PlanImport says what importing a list would change. Nothing is written.
func (c *Client) PlanImport(ctx context.Context, site string, d ImportDraft) (ImportPlan, error) {
	return call[ImportPlan](ctx, c, request{
		method: http.MethodPost, path: at("/sites/%s/residents/imports", site), body: d.List, kind: "text/csv",
		query: params().text("source", d.Source).text("mapping", d.Mapping).flag("skip_faulty", d.SkipFaulty).
			flag("deactivate_gone", d.DeactivateGone).values,
	})
}

// ApplyImport does what a plan says.
func (c *Client) ApplyImport(ctx context.Context, plan string) (ImportResult, error) {
	return call[ImportResult](ctx, c, request{method: http.MethodPost, path: at("/imports/%s/apply", plan)})
}

// Carriers lists carriers.
func (c *Client) Carriers(ctx context.Context) iter.Seq2[Carrier, error] {
	return list[Carrier](ctx, c, "/carriers", nil)
}

// PutCarrier adds or renames a carrier.
func (c *Client) PutCarrier(ctx context.Context, id, name string) error {
	return c.run(ctx, http.MethodPut, at("/carriers/%s", id), struct {
		Name string `json:"name"`
	}{name})
}

// Couriers lists the accesses of couriers to a site.
func (c *Client) Couriers(ctx context.Context, site string) iter.Seq2[Courier, error] {
	return list[Courier](ctx, c, at("/sites/%s/couriers", site), nil)
}

// CourierDraft is a courier's access to create.
type CourierDraft struct {
	Carrier string    `json:"carrier"`        // id
	Name    string    `json:"name"`           // of the courier or the device
	From    time.Time `json:"from,omitzero"`  // zero: since ever
	Until   time.Time `json:"until,omitzero"` // zero: no end
}

// CreateCourier gives a courier access to a site and returns its id.
func (c *Client) CreateCourier(ctx context.Context, site string, d CourierDraft) (string, error) {
	return made(ctx, c, at("/sites/%s/couriers", site), d)
}

// UpdateCourier changes a courier's access, e.g. Edit{"revoked": true} or Edit{"new_code": true}.
func (c *Client) UpdateCourier(ctx context.Context, site, courier string, e Edit) error {
	return c.run(ctx, http.MethodPatch, at("/sites/%s/couriers/%s", site, courier), e)
}

// CourierCode returns the code of a courier. That it was shown is recorded.
func (c *Client) CourierCode(ctx context.Context, site, courier string) (PickupCode, error) {
	return call[PickupCode](ctx, c, request{method: http.MethodPost, path: at("/sites/%s/couriers/%s/code", site, courier)})
}
