package layout_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/layout"
)

// The layout of a plan has the plan's doors, every one on an output of its own, and reads back from
// the file that `cubby site add --layout` takes.
func TestOf(t *testing.T) {
	t.Parallel()
	p := sizing.Defaults()
	p.Demand.Units = 60
	p.Site.Walls = []sizing.Wall{
		{Name: "left", LengthMM: 2400},
		{Name: "back", LengthMM: 3000, Obstacles: []sizing.Obstacle{{Name: "door", FromMM: 0, ToMM: 700}}},
	}
	p.Site.Rooms = []sizing.Room{{Name: "store", WidthMM: 4000, DepthMM: 3000, Levels: 5}}
	p.Hardware.BoardChannels = 16
	a, err := sizing.Solve(t.Context(), p, sizing.Options{Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, alternative := range a.All() {
		if alternative.Kind == sizing.OffSite {
			continue
		}
		got, err := layout.Of(p, alternative, layout.Names{Bank: "Wall", Bus: "lockers"})
		if err != nil {
			t.Fatalf("%s: %v", alternative.Kind, err)
		}
		counts := map[locker.Size]int{}
		low := 0
		for _, place := range got.Places() {
			if place.Kind != locker.PlaceCompartment {
				continue
			}
			counts[place.Compartment.Size]++
			if place.Compartment.Low() {
				low++
			}
			if o := place.Compartment.Output; o.Bus != "lockers" || o.Channel > 16 {
				t.Errorf("%s is wired to %s, want boards of 16 outputs on lockers", place.ID, o)
			}
		}
		for _, m := range alternative.Mix {
			if counts[m.Size] != m.Doors {
				t.Errorf("%s: %d doors of size %s, the plan has %d", alternative.Kind, counts[m.Size], m.Size, m.Doors)
			}
		}
		if alternative.Doors > 0 && (low == 0 || !slices.ContainsFunc(got.Banks, hasScreen)) {
			t.Errorf("%s: %d low doors and no screen", alternative.Kind, low)
		}
		if alternative.Room != nil && len(got.Rooms) == 0 {
			t.Errorf("%s: the room is missing", alternative.Kind)
		}
		if want := (alternative.Doors + 15) / 16; layout.Boards(got)["lockers"] != want {
			t.Errorf("%s: %d boards, want %d", alternative.Kind, layout.Boards(got)["lockers"], want)
		}
		data, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var again locker.Layout
		if err := yaml.UnmarshalWithOptions(data, &again, yaml.UseJSONUnmarshaler(), yaml.Strict()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("%s (-written +read):\n%s", alternative.Kind, diff)
		}
	}
}

func hasScreen(b locker.Bank) bool {
	return slices.ContainsFunc(b.Columns, func(c locker.Column) bool { return c.ScreenUnits > 0 })
}

// bankOf is a bank of so many columns of eight equal doors.
func bankOf(columns int) sizing.Alternative {
	bank := sizing.BankPlan{Name: "A"}
	for range columns {
		c := sizing.ColumnPlan{WidthMM: 400}
		for i := range 8 {
			c.Doors = append(c.Doors, sizing.DoorPlan{Size: "M", BottomMM: 1800 - 240*i, HeightMM: 240})
		}
		bank.Columns = append(bank.Columns, c)
	}
	return sizing.Alternative{Kind: sizing.Lockers, Banks: []sizing.BankPlan{bank}, Doors: 8 * columns}
}

// Columns beyond Z go on with AA, and a bus has at most 255 boards.
func TestOf_large(t *testing.T) {
	t.Parallel()
	p := sizing.Defaults()
	got, err := layout.Of(p, bankOf(30), layout.Names{})
	if err != nil {
		t.Fatal(err)
	}
	if last := got.Banks[0].Columns[29]; last.Name != "AD" || last.Compartments[7].Name != "AD08" {
		t.Errorf("the last door is %s in column %s", last.Compartments[7].Name, last.Name)
	}
	if got.Desk == nil || got.Banks[0].Columns[0].Compartments[0].ReachMM != 1920 {
		t.Errorf("got desk %v and reach %d", got.Desk, got.Banks[0].Columns[0].Compartments[0].ReachMM)
	}
	if _, err := layout.Of(p, bankOf(40), layout.Names{Channels: 1}); err == nil || !strings.Contains(err.Error(), "more than 255 boards") {
		t.Errorf("got %v, want an error about boards", err)
	}
	if _, err := layout.Of(p, sizing.Alternative{Kind: sizing.OffSite}, layout.Names{}); err == nil {
		t.Error("a service elsewhere has a layout")
	}
	without, err := layout.Of(p, bankOf(1), layout.Names{Desk: "-"})
	if err != nil || without.Desk != nil {
		t.Errorf("got desk %v (%v), want none", without.Desk, err)
	}
}
