package planfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/sizing"
	"cubby/internal/sizing/planfile"
)

func TestRead_Minimal(t *testing.T) {
	t.Parallel()
	p, err := planfile.Read("plan.yaml", []byte("demand: {units: 80, rate: 2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := sizing.Defaults()
	if p.Demand.Units != 80 || p.Demand.Rate.Mid != 2 || p.Demand.Rate.Assumed || p.Demand.Rate.Source == "" {
		t.Errorf("got %d units at %+v, want what the plan says with the plan as its source", p.Demand.Units, p.Demand.Rate)
	}
	if diff := cmp.Diff(want.Dwell, p.Dwell); diff != "" {
		t.Errorf("what the plan leaves out is not the default (-want +got):\n%s", diff)
	}
}

// Problems are named with line and key, all of them at once.
func TestRead_Problems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file string
		want []string
	}{
		{"empty", "# nothing\n", []string{"plan.yaml:1: the plan is empty"}},
		{"missing units", "demand:\n  rate: 2\n", []string{"plan.yaml:1: demand.units is missing"}},
		{"syntax", "demand:\n  units: [1\n", []string{"plan.yaml:"}},
		{"deep", "\n" + strings.Repeat("[", 9000), []string{"plan.yaml:2: more than 40 lists or sections"}},
		{"deep dashes", strings.Repeat("- ", 9000), []string{"plan.yaml:1: more than 40 lists or sections"}},
		{"large", strings.Repeat("# a\n", 1<<19), []string{"plan.yaml has 2097152 bytes"}},
		{"two documents", "demand: {units: 5}\n---\ndemand: {units: 6}\n", []string{"plan.yaml:3: a second document"}},
		{"unknown key", "demand:\n  units: 5\n  flats: 3\n", []string{"plan.yaml:3: demand.flats: unknown key, known here: units"}},
		{"twice", "demand: {units: 5}\npolicy: {upgrade: true}\npolicy: {upgrade: true}\n", []string{"plan.yaml:3:"}},
		{"negative rate", "demand:\n  units: 5\n  rate: -2\n", []string{"plan.yaml:3: demand.rate: -2 is below 0 parcels per unit and week"}},
		{"no parcels", "demand:\n  units: 5\n  rate: 0\n", []string{"plan.yaml:3: demand.rate: no parcels at all"}},
		{"no units", "demand:\n  units: 0\n", []string{"plan.yaml:2: demand.units: 0 is not between 1 and 20000"}},
		{"not a number", "demand: {rate: many}\n", []string{`plan.yaml:1: demand.rate: "many" is not a number`}},
		{"hexadecimal", "demand: {rate: 0x10}\n", []string{`"0x10" is not a number`}},
		{"not finite", "demand: {rate: .inf}\n", []string{"plan.yaml:1: demand.rate: "}},
		{"half a range", "demand:\n  rate: {low: 1, high: 2}\n", []string{"plan.yaml:2: demand.rate: a range needs low, mid and high"}},
		{"both", "demand:\n  rate: {value: 1, high: 2}\n", []string{"demand.rate: give value, or low, mid and high"}},
		{"out of order", "demand:\n  rate: {low: 3, mid: 2, high: 1}\n", []string{"plan.yaml:2: demand.rate: low 3, mid 2, high 1 are out of order"}},
		{"unknown part", "demand:\n  rate: {value: 1, about: 2}\n", []string{"demand.rate.about: unknown key"}},
		{"empty source", "demand:\n  rate: {value: 1, source: \"\"}\n", []string{"demand.rate.source: want a text"}},
		{
			"shares", "demand:\n  carriers:\n    - {name: a, share_percent: 60, visits_per_day: 1, from_hour: 9, to_hour: 10}\n" +
				"    - {name: b, share_percent: 60, visits_per_day: 1, from_hour: 9, to_hour: 10}\n",
			[]string{"plan.yaml:2: demand.carriers: the shares add up to 120 %, not 100 %"},
		},
		{
			"window", "demand:\n  carriers:\n    - {name: a, share_percent: 100, visits_per_day: 1, from_hour: 15, to_hour: 10}\n",
			[]string{"plan.yaml:3: demand.carriers[0].to_hour: the window ends at 10 and begins at 15"},
		},
		{
			"missing figure", "demand:\n  carriers:\n    - name: a\n      share_percent: 100\n      from_hour: 9\n      to_hour: 10\n",
			[]string{"plan.yaml:3: demand.carriers[0].visits_per_day: the figure is missing"},
		},
		{"weekdays", "demand:\n  weekday_weights: [1, 1, 1]\n", []string{"plan.yaml:2: demand.weekday_weights: 3 values, want 7"}},
		{"weights", "demand:\n  weekday_weights: [1, 1, 1, 1, 1, 1, -1]\n", []string{"plan.yaml:2: demand.weekday_weights[6]: -1"}},
		{"word", "policy: {overflow: attic}\n", []string{`plan.yaml:1: policy.overflow: "attic" is not one of desk, room, redelivery`}},
		{"room", "policy:\n  overflow: room\n", []string{"plan.yaml:2: policy.overflow: overflow goes to a room and site.rooms names none"}},
		{
			"quota", "policy:\n  quotas:\n    - {carrier: DHL, doors_per_visit: 4}\n",
			[]string{`plan.yaml:3: policy.quotas[0].carrier: there is no carrier "DHL"`},
		},
		{"bool", "policy: {upgrade: maybe}\n", []string{`policy.upgrade: "maybe" is not true or false`}},
		{"whole", "horizon_years: 9.5\n", []string{`plan.yaml:1: horizon_years: "9.5" is not a whole number`}},
		{"horizon", "horizon_years: 0\n", []string{"plan.yaml:1: horizon_years: 0 is not between 1 and 40"}},
		{"currency", "currency: dollars\n", []string{`plan.yaml:1: currency: "dollars" is not a code of ISO 4217`}},
		{
			"obstacle", "site:\n  walls:\n    - name: n\n      length_mm: 3000\n      obstacles:\n        - {name: door, from_mm: 4000, to_mm: 3500}\n",
			[]string{"plan.yaml:6: site.walls[0].obstacles[0].to_mm", "plan.yaml:6: site.walls[0].obstacles[0].from_mm: 4000 lies beyond the wall"},
		},
		{"wall length", "site: {walls: [{name: n, length_mm: -5}]}\n", []string{"site.walls[0].length_mm: -5 is not between"}},
		{"reach", "site:\n  reach:\n    low_mm: 900\n    high_mm: 800\n", []string{"plan.yaml:4: site.reach.high_mm: 800 is below low_mm of 900"}},
		{"list", "site: {walls: 3}\n", []string{"plan.yaml:1: site.walls: want a list"}},
		{"section", "site: 3\n", []string{"plan.yaml:1: site: want settings below it"}},
		{"sizes", "sizes:\n  - {size: Q}\n", []string{`plan.yaml:2: sizes[0].size: "Q" is not one of S, M, L, XL`}},
		{
			"modules too high", "hardware:\n  modules:\n    - name: low\n      width_mm: 400\n      height_mm: 500\n      depth_mm: 500\n" +
				"      columns: 1\n      screen: true\n      price: 100\n      doors: [{size: S, height_mm: 200, count: 4}]\n",
			[]string{"plan.yaml:10: hardware.modules[0].doors: the doors take 800 mm"},
		},
		{"anchors", "demand: &a {units: 5}\n", []string{"plan.yaml:1: demand: "}},
		{"dwell", "dwell: {law: empirical}\n", []string{"plan.yaml:1: dwell.hours: the values are missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := planfile.Read("plan.yaml", []byte(tt.file))
			if err == nil {
				t.Fatal("the plan was taken")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%s\nwant %q in it", err, want)
				}
			}
		})
	}
}

// Prices of the defaults are in dollars: in another currency they are assumptions.
func TestRead_ForeignMoney(t *testing.T) {
	t.Parallel()
	p, err := planfile.Read("plan.yaml", []byte("currency: EUR\ndemand: {units: 5}\ncosts: {staff_per_hour: 30}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if f := p.Costs.FailedDelivery; !f.Assumed || !strings.Contains(f.Source, "dollars") {
		t.Errorf("failed delivery is %+v, want it marked as the number of dollars", f)
	}
	if f := p.Costs.StaffPerHour; f.Assumed || f.Mid != 30 {
		t.Errorf("staff per hour is %+v, want what the plan gives", f)
	}
	if f := p.Costs.MaintenancePercent; f.Assumed {
		t.Errorf("maintenance is %+v, want it unmarked: a percentage has no currency", f)
	}
}

// What Write writes is the same problem when it is read.
func TestWrite_RoundTrip(t *testing.T) {
	t.Parallel()
	own := sizing.Defaults()
	own.Name = "Tür 5 – \"corner\"\n# not a comment"
	own.Site.Walls = []sizing.Wall{
		{Name: "north", LengthMM: 4000, Obstacles: []sizing.Obstacle{{Name: "door", FromMM: 100, ToMM: 900}}},
		{Name: "east", LengthMM: 3000, CornerLeft: true, FreeMM: 2500},
	}
	own.Site.Rooms = []sizing.Room{{Name: "store", WidthMM: 2000, DepthMM: 3000, Levels: 4}}
	own.Policy.Quotas = []sizing.Quota{{Carrier: "UPS", Doors: 12}}
	own.Policy.Reserved = []sizing.Reserve{{Size: "XL", Doors: 1}}
	own.Hardware.Catalogue = ""
	own.Hardware.Modules = []sizing.Module{{
		Name: "one", WidthMM: 450, HeightMM: 2000, DepthMM: 600, BaseMM: 100, Columns: 1, Screen: true,
		Doors: []sizing.ModuleDoor{{Size: "S", HeightMM: 100, Count: 4}, {Size: "L", HeightMM: 450, Count: 2}},
		Price: own.Costs.PurchasePerDoor.In("USD per module"),
	}}
	for name, p := range map[string]sizing.Problem{"defaults": sizing.Defaults(), "own": own} {
		var b strings.Builder
		if err := planfile.Write(&b, p); err != nil {
			t.Fatal(err)
		}
		got, err := planfile.Read("plan.yaml", []byte(b.String()))
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b.String())
		}
		again := strings.Builder{}
		if err := planfile.Write(&again, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b.String(), again.String()); diff != "" {
			t.Errorf("%s (-first +again):\n%s", name, diff)
		}
		if diff := cmp.Diff(p.Site, got.Site, cmp.Transformer("none", func(w []sizing.Obstacle) []sizing.Obstacle {
			return append([]sizing.Obstacle{}, w...)
		})); diff != "" {
			t.Errorf("%s: site (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(p.Basis(), got.Basis()); diff != "" {
			t.Errorf("%s: figures (-want +got):\n%s", name, diff)
		}
	}
}

// Whatever bytes come, reading neither fails hard nor accepts a problem that Validate refuses; what it
// accepts can be written and read again.
func FuzzRead(f *testing.F) {
	var defaults strings.Builder
	if err := planfile.Write(&defaults, sizing.Defaults()); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		defaults.String(), "", "demand: {units: 5}", "demand:\n  rate: {low: 1, mid: 2, high: 3, source: x}\n", "- a", "? a", "a: *b",
		"demand: {rate: 1e400}", "sizes: []", "demand: {carriers: [[]]}", "name: |\n  two\n  lines\n", "hardware: {modules: [{}]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := planfile.Read("plan.yaml", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "plan.yaml:") && !strings.HasPrefix(err.Error(), "plan.yaml has") {
				t.Errorf("the error does not begin with the file: %v", err)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("accepted a problem that does not hold: %v", err)
		}
		var b strings.Builder
		if err := planfile.Write(&b, p); err != nil {
			t.Fatal(err)
		}
		if _, err := planfile.Read("plan.yaml", []byte(b.String())); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, b.String())
		}
	})
}

// A wall that takes nothing is no mistake where a room with shelves is named, or where another wall takes it.
func TestRead_StandsElsewhere(t *testing.T) {
	t.Parallel()
	const wall = "demand:\n  units: 40\nsite:\n  walls:\n    - {name: niche, length_mm: 300}\n"
	for name, plan := range map[string]string{
		"room": wall + "  rooms:\n    - {name: store, width_mm: 3000, depth_mm: 3000, shelf_levels: 4}\n", "hall": wall + "    - {name: hall, length_mm: 3000}\n",
	} {
		if _, err := planfile.Read("plan.yaml", []byte(plan)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := planfile.Line([]byte(wall), "site.walls[0].length_mm"); got != 5 {
		t.Errorf("the wall's length stands in line %d, want 5", got)
	}
}
