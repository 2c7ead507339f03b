package consoletest

import (
	"context"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/round"
	"cubby/internal/locker"
	"cubby/internal/web/console/audits"
	"cubby/internal/wire"
)

// Audits returns the audits of the sample property: one with differences at the bank, a clean one in the room, and guided
// audits "g1", which goes on, and "g2", all of whose places are over.
func (f *Fake) Audits() *audits.Pages {
	return &audits.Pages{
		Audits: sampleAudits{f}, Rounds: sampleRounds{f},
		Layout: func(_ context.Context, _ cloud.Principal, site locker.SiteID) (locker.Layout, error) {
			return sampleSite(f.now, site).Layout, nil
		},
	}
}

type sampleAudits struct{ fake *Fake }

// Last implements audits.Audits.
func (s sampleAudits) Last(_ context.Context, _ cloud.Principal, site locker.SiteID) (audit.Report, bool, error) {
	r := audit.Report{
		At: s.fake.now.Add(-25 * time.Minute), Position: wire.Position{Epoch: 1, Number: 1204}, Entered: 412, Stored: 21, Collected: 380,
		Returned: 10, Held: 1,
	}
	if site != RoomSite {
		r.Skipped = []string{"controller"}
		r.Differences = []audit.Difference{
			{Kind: audit.Misplaced, Place: "main/B04", Stay: "s1", Parcel: "p4", Detail: "main/D04"},
			{Kind: audit.Ghost, Place: "main/D04", Stay: "s2", Parcel: "p4", Detail: "sensor_empty"},
			{Kind: audit.Stray, Place: "main/B04", Detail: "seen"},
		}
	}
	return r, true, s.fake.read("Last")
}

// Run implements audits.Audits.
func (s sampleAudits) Run(ctx context.Context, p cloud.Principal, site locker.SiteID) (audit.Report, error) {
	r, _, err := s.Last(ctx, p, site)
	if err == nil {
		err = s.fake.call("RunAudit", string(site))
	}
	return r, err
}

type sampleRounds struct{ fake *Fake }

// Begin implements audits.Rounds.
func (s sampleRounds) Begin(_ context.Context, _ cloud.Principal, site locker.SiteID, d round.Draft) (string, error) {
	if d.Reason == "" {
		return "", locker.Errorf(locker.CodeInputInvalid, "no reason")
	}
	return "g1", s.fake.call("BeginRound", string(site), string(d.Scope), string(d.Bank), d.Reason)
}

func (s sampleRounds) summary(id string) round.Summary {
	v := round.Summary{ID: id, Scope: round.All, Reason: "Weekly look", By: "Ana Castro", Began: s.fake.now.Add(-time.Hour), Done: 2, Of: 4, Amiss: 1}
	if id == "g2" {
		v.Done = 4
	}
	return v
}

// List implements audits.Rounds.
func (s sampleRounds) List(context.Context, cloud.Principal, locker.SiteID) ([]round.Summary, error) {
	return []round.Summary{s.summary("g1"), s.summary("g2")}, s.fake.read("ListRounds")
}

// View implements audits.Rounds.
func (s sampleRounds) View(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) (round.View, error) {
	if id != "g1" && id != "g2" {
		return round.View{}, locker.Errorf(locker.CodeNotFound, "no such guided audit")
	}
	at := s.fake.now.Add(-50 * time.Minute)
	v := round.View{Summary: s.summary(id), People: map[string]string{"u1": "Ana Castro"}, Steps: []round.Step{
		{Place: "main/A01", Name: "A01", Kind: locker.PlaceCompartment, State: round.Done, Said: round.Empty, By: "u1", At: at},
		{
			Place: "main/D04", Name: "D04", Kind: locker.PlaceCompartment, State: round.Done, Said: round.Differs, Booked: 1, Missing: []string{"p4"},
			Strangers: 1, Tails: []string{"6784"}, Note: "A box without a name", By: "u1", At: at,
		},
		{Place: "main/B04", Name: "B04", Kind: locker.PlaceCompartment, State: round.Todo},
		{Place: "main/B03", Name: "B03", Kind: locker.PlaceCompartment, State: round.Todo},
	}}
	if id == "g2" {
		return v, nil
	}
	v.Current = &v.Steps[2]
	for i := range v.Steps {
		if v.Steps[i].Place == place {
			v.Current = &v.Steps[i]
		}
	}
	var err error
	v.Sheet, err = s.fake.DoorSheet(ctx, p, site, v.Current.Place)
	return v, err
}

// Open implements audits.Rounds.
func (s sampleRounds) Open(_ context.Context, _ cloud.Principal, _ locker.SiteID, id string, place locker.PlaceID) error {
	return s.fake.call("OpenRound", id, string(place))
}

// Answer implements audits.Rounds.
func (s sampleRounds) Answer(_ context.Context, _ cloud.Principal, _ locker.SiteID, id string, place locker.PlaceID, a round.Answer) error { //nolint:revive // as the interface has it
	words := []string{id, string(place), string(a.Said)}
	for _, stay := range a.Seen {
		words = append(words, "seen "+string(stay))
	}
	for _, stay := range a.Found {
		words = append(words, "found "+string(stay))
	}
	return s.fake.call("AnswerRound", append(words, strings.Join(a.Labels, " "))...)
}

// Skip implements audits.Rounds.
func (s sampleRounds) Skip(_ context.Context, _ cloud.Principal, _ locker.SiteID, id string, place locker.PlaceID) error {
	return s.fake.call("SkipRound", id, string(place))
}

// Finish implements audits.Rounds.
func (s sampleRounds) Finish(_ context.Context, _ cloud.Principal, _ locker.SiteID, id string) error {
	return s.fake.call("FinishRound", id)
}

// Scan implements audits.Rounds.
func (s sampleRounds) Scan(_ context.Context, _ cloud.Principal, _ locker.SiteID, _ string) ([]cloud.Delivery, error) {
	return sampleDeliveries(s.fake.now)[:2], s.fake.read("Scan")
}
