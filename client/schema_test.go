package client_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cubby/client"
	"cubby/internal/locker"
)

const description = "../internal/api/testdata/openapi.json"

// fields lists the JSON names of a struct.
func fields(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, fields(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestModels_MatchTheDescription: a field that the API gains is missing here, until it is added.
func TestModels_MatchTheDescription(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(description)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	models := []any{
		client.Property{},
		client.Audit{},
		client.Difference{},
		client.Round{},
		client.Rounds{},
		client.RoundDetail{},
		client.RoundPlace{},
		client.PropertyDraft{},
		client.Site{},
		client.SiteDetail{},
		client.Settings{},
		client.SiteDraft{},
		client.SiteHealth{},
		client.Controller{},
		client.Doors{},
		client.Codes{},
		client.SiteHead{},
		client.Publication{},
		client.Board{},
		client.Measurement{},
		client.Record{},
		client.Fact{},
		client.Act{},
		client.Advice{},
		client.Range{},
		client.Remedy{},
		client.DoorCount{},
		client.ColumnChange{},
		client.Cost{},
		client.Place{},
		client.Wall{},
		client.WallBank{},
		client.WallColumn{},
		client.WallRoom{},
		client.Tiles{},
		client.Bank{},
		client.PlaceDetail{},
		client.Reservation{},
		client.ReservationDraft{},
		client.Intent{},
		client.Unit{},
		client.UnitDraft{},
		client.Resident{},
		client.ResidentDraft{},
		client.ImportPlan{},
		client.ImportProblem{},
		client.ImportResult{},
		client.Carrier{},
		client.Courier{},
		client.Parcel{},
		client.ParcelDetail{},
		client.TimelineEntry{},
		client.Actor{},
		client.Notice{},
		client.DeliveryDraft{},
		client.HandOverDraft{},
		client.PrintDraft{},
		client.ReturnRound{},
		client.ReturnsTaken{},
		client.DeskSettings{},
		client.Refusal{},
		client.Incident{},
		client.IncidentDetail{},
		client.IncidentNote{},
		client.ResidentReport{},
		client.Webhook{},
		client.WebhookDelivery{},
		client.Layout{},
		client.LayoutBank{},
		client.LayoutColumn{},
		client.LayoutCompartment{},
		client.LayoutOutput{},
		client.LayoutWitness{},
		client.LayoutRoom{},
		client.LayoutShelf{},
		client.LayoutDesk{},
		client.Policy{},
		client.Features{},
	}
	schemas := doc.Components.Schemas
	schemas["PickupCode"] = schemas["Code"]
	schemas["FieldError"] = schemas["ProblemField"]
	for _, model := range append(models, client.PickupCode{}, client.FieldError{}) {
		m := reflect.TypeOf(model)
		want := slices.Sorted(maps.Keys(schemas[m.Name()].Properties))
		if got := fields(m); !slices.Equal(got, want) {
			t.Errorf("%s has %v, the API %v", m.Name(), got, want)
		}
	}
}

// TestCodes_Exist: the client names no code that the server does not know.
func TestCodes_Exist(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(source)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " Code = ")
		if !ok || !strings.HasPrefix(name, "Code") {
			continue
		}
		code := locker.Code(strings.Trim(value, "\""))
		if code != locker.CodeInternal && code.Number() == locker.CodeInternal.Number() {
			t.Errorf("%s: the server has no code %s", name, code)
		}
	}
}
