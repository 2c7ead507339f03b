package consoletest

import (
	"context"
	"io"
	"net/url"

	"github.com/a-h/templ"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/console"
)

// Properties lists the one of the sample.
func (f *Fake) Properties(context.Context, cloud.Principal) ([]cloud.PropertyView, error) {
	if f.isEmpty() {
		return nil, f.read("Properties")
	}
	return []cloud.PropertyView{{ID: "p1", Name: "Harbour House", TimeZone: "America/New_York"}}, f.read("Properties")
}

// CreateProperty makes nothing.
func (f *Fake) CreateProperty(_ context.Context, _ cloud.Principal, d cloud.PropertyDraft) (string, error) {
	return "p2", f.call("CreateProperty", d.Name, d.TimeZone)
}

// CreateSite makes nothing, but takes only a layout that a site could have. It gives the id of the sample's.
func (f *Fake) CreateSite(_ context.Context, _ cloud.Principal, d cloud.SiteDraft) (locker.SiteID, error) {
	if err := d.Layout.Validate(); err != nil {
		return "", err
	}
	return "main", f.call("CreateSite", d.Property, d.Name)
}

// Plan takes any address and makes a small site of it.
func Plan(_ context.Context, q url.Values, _ *text.Printer) (console.PlannedSite, error) {
	if q.Get("u") == "0" {
		return console.PlannedSite{}, locker.Errorf(locker.CodeInputInvalid, "the plan's address is wrong")
	}
	front := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<svg role="img" aria-label="Front" viewBox="0 0 100 60"><rect width="100" height="60" fill="none" stroke="currentColor"></rect></svg>`)
		return err
	})
	return console.PlannedSite{
		Query: q.Encode(), Planner: "/plan", Lead: "Two doors in one bank", Boards: 1,
		Doors: []console.PlannedDoors{{Size: locker.SizeM, N: 2}}, Fronts: []templ.Component{front},
		Layout: locker.Layout{
			Banks: []locker.Bank{{ID: "b1", Name: "Locker 1", Columns: []locker.Column{{Compartments: []locker.Compartment{
				planned("A01", 1), planned("A02", 2),
			}}}}},
			Desk: &locker.Desk{ID: "desk", Name: "Front desk"},
		},
	}, nil
}

func planned(name string, channel uint8) locker.Compartment {
	return locker.Compartment{
		ID: locker.PlaceID(name), Name: name, Size: locker.SizeM, Units: 2, ReachMM: 900, Output: locker.Output{Bus: "left", Board: 1, Channel: channel},
	}
}

func (f *Fake) isEmpty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.empty
}
