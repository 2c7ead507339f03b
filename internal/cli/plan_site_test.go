package cli_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/cloud"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/wire"
)

// largeDoors is a layout of two columns with a few small and many large doors.
const largeDoors = `
banks:
  - id: main
    name: Locker 1
    witness: {latch: true}
    columns:
      - {name: A, compartments: [%s]}
      - {name: B, compartments: [%s]}
      - {name: C, compartments: [%s]}
desk: {id: desk, name: Desk}
`

func doorsYAML(column string, board int, size string, units, n int) string {
	var doors []string
	for i := range n {
		name := fmt.Sprintf("%s%02d", column, i+1)
		doors = append(doors, fmt.Sprintf("{id: main/%s, name: %s, size: %s, units: %d, reach_mm: 900, output: {bus: left, board: %d, channel: %d}}",
			name, name, size, units, board, i+1))
	}
	return strings.Join(doors, ", ")
}

// fact is one thing that happened at the site of the test.
type fact struct {
	at    time.Time
	facts []locker.Fact
}

// smallParcels are weeks of small parcels that come to the doors of largeDoors: those that find none are refused.
func smallParcels(start time.Time, days int) []fact {
	rng := mathrand.New(mathrand.NewPCG(1, 2))
	type door struct {
		id    locker.PlaceID
		until time.Time
	}
	var doors []door
	for _, c := range []struct {
		name string
		n    int
	}{{"A", 12}, {"B", 2}, {"C", 2}} {
		for i := range c.n {
			doors = append(doors, door{id: locker.PlaceID(fmt.Sprintf("main/%s%02d", c.name, i+1))})
		}
	}
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	var out []fact
	for day := range days {
		for n := range 24 {
			at := start.AddDate(0, 0, day).Add(9*time.Hour + time.Duration(n*25)*time.Minute)
			id := fmt.Sprintf("%d-%d", day, n)
			free := slices.IndexFunc(doors, func(d door) bool { return !d.until.After(at) })
			if free < 0 {
				out = append(out, fact{at, []locker.Fact{locker.DropRefused{Actor: courier, Carrier: "ups", Reason: locker.CodeBankFull, Size: locker.SizeS}}})
				continue
			}
			place := doors[free].id
			stay := locker.StayID("s" + id)
			out = append(out, fact{at, []locker.Fact{
				locker.DepositBegun{
					Stay: stay, Parcel: locker.ParcelID("p" + id), Place: place, Unit: locker.UnitID(fmt.Sprint("u", rng.IntN(60))), Size: locker.SizeS,
					Actor: courier, Carrier: "ups", Key: "k", Generation: 1, CollectBy: locker.At(at.Add(72 * time.Hour)),
				},
				locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier},
				locker.DepositSettled{Stay: stay},
			}})
			doors[free].until = at.Add(time.Duration(4+rng.IntN(40)) * time.Hour)
			out = append(out, fact{doors[free].until, []locker.Fact{locker.ParcelCollected{
				Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: locker.Actor{Kind: locker.ActorRecipient, ID: "r"},
			}}})
		}
	}
	slices.SortStableFunc(out, func(a, b fact) int { return cmp.Compare(a.at.UnixMilli(), b.at.UnixMilli()) })
	return out
}

// record sends facts to the server as a controller does.
func record(t *testing.T, dir string, site locker.SiteID, facts []fact, until time.Time) {
	t.Helper()
	ids := store.NewIDs(time.Now, rand.Reader)
	opts := app.ServerOptions{
		Config: config.Default().Server, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader, NewID: ids.New,
	}
	opts.Config.DataDir = filepath.Join(dir, "server")
	err := app.WithCloud(t.Context(), opts, func(c *cloud.Cloud) error {
		if err := c.Start(context.WithoutCancel(t.Context())); err != nil {
			return err
		}
		defer c.Stop()
		var batch []wire.Upload
		for n, f := range facts {
			if f.at.After(until) {
				break
			}
			at := wire.Position{Epoch: 1, Number: uint64(n + 1)}
			body, err := wire.EncodeOperation(wire.Operation{
				Site: site, Epoch: 1, Number: at.Number, Boot: "b", WallMS: f.at.UnixMilli(), ClockTrusted: true, Facts: f.facts,
			})
			if err != nil {
				return err
			}
			notes, err := wire.EncodeAnnex(nil)
			if err != nil {
				return err
			}
			batch = append(batch, wire.Upload{Position: at, Op: body, Annex: notes})
		}
		for part := range slices.Chunk(batch, 200) {
			if _, err := c.Hub().Ingest(t.Context(), site, part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPlanSite_realFacts: what a controller reports ends as advice: small parcels before large doors.
func TestPlanSite_realFacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)
	layout := write(t, dir, "layout.yaml", fmt.Sprintf(largeDoors,
		doorsYAML("A", 1, "S", 2, 12), doorsYAML("B", 2, "XL", 12, 2), doorsYAML("C", 3, "XL", 12, 2)))
	code, out, errs = run(t, dir, "", "site", "add", "Dock 1", "--layout", layout, "--time-zone", "Europe/Madrid")
	want(t, code, 0, out, "Dock 1", errs)
	site := strings.Fields(out)[1]

	code, out, errs = run(t, dir, "", "plan", "site", site)
	want(t, code, 1, errs, "no advice: the record of the site has no parcels yet", out)
	code, out, errs = run(t, dir, "", "plan", "site", "nowhere")
	want(t, code, 1, errs, "NOT_FOUND", out)

	now := time.Now()
	start := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC).AddDate(0, 0, -24)
	record(t, dir, locker.SiteID(site), smallParcels(start, 24), now)
	code, out, errs = run(t, dir, "", "plan", "site", site, "--json")
	var advice struct {
		Helps  bool
		Best   string
		Record struct {
			Days, Refused, Parcels int
			Weekly                 struct{ Mid float64 }
		}
		Remedies []struct {
			Code, Verdict string
			Normal        struct{ Saved struct{ Low, Value float64 } }
			Mix           []struct {
				Size  string
				Doors int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &advice); err != nil || code != 0 {
		t.Fatalf("code %d, %v: %s", code, err, errs)
	}
	if r := advice.Record; r.Days < 21 || r.Days > 23 || r.Refused < 20 || r.Weekly.Mid < 160 || r.Weekly.Mid > 175 {
		t.Errorf("the record: %+v", r)
	}
	i := slices.IndexFunc(advice.Remedies, func(r struct {
		Code, Verdict string
		Normal        struct{ Saved struct{ Low, Value float64 } }
		Mix           []struct {
			Size  string
			Doors int
		}
	},
	) bool {
		return r.Code == "mix"
	})
	if i < 0 || !advice.Helps || advice.Remedies[i].Verdict != "helps" || advice.Remedies[i].Mix[0].Doors <= 12 || advice.Remedies[i].Normal.Saved.Low <= 0 {
		t.Errorf("small parcels before large doors: %+v", advice)
	}

	code, out, errs = run(t, dir, "", "plan", "site", site)
	want(t, code, 0, out, "would other doors help?", errs)
	for _, line := range strings.Split(out, "\n") {
		if len([]rune(line)) > 100 {
			t.Errorf("a line of %d characters: %s", len([]rune(line)), line)
		}
	}
	page := filepath.Join(dir, "advice.html")
	code, out, errs = run(t, dir, "", "plan", "site", site, "--html", "--language", "ar", "--out", page)
	want(t, code, 0, errs, "wrote", out)
	if data, err := os.ReadFile(page); err != nil || !strings.Contains(string(data), `dir="rtl"`) {
		t.Errorf("the Arabic page: %v", err)
	}
	paper := filepath.Join(dir, "advice.pdf")
	code, out, errs = run(t, dir, "", "plan", "site", site, "--pdf", "--language", "es", "--out", paper)
	want(t, code, 0, errs, "wrote", out)
	if data, err := os.ReadFile(paper); err != nil || !strings.HasPrefix(string(data), "%PDF-") {
		t.Error(errors.Join(err, errors.New("no PDF")))
	}
	code, out, errs = run(t, dir, "", "plan", "site", site, "--json", "--pdf")
	want(t, code, 2, errs, "--json", out)
}

// TestPlan_layoutMakesASite: what --layout writes is what `cubby site add` reads.
func TestPlan_layoutMakesASite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)
	plan := write(t, dir, "plan.yaml", "demand:\n  units: 60\n  rate: {value: 1.5, source: counted}\n")
	layout := filepath.Join(dir, "layout.yaml")
	code, out, errs = run(t, dir, "", "plan", plan, "--json", "--layout", layout)
	var answer struct{ Recommended struct{ Doors int } }
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
		t.Fatalf("code %d, %v: %s", code, err, errs)
	}
	code, out, errs = run(t, dir, "", "site", "add", "Planned", "--layout", layout, "--time-zone", "Europe/Madrid")
	want(t, code, 0, out, "Planned", errs)
	data, err := os.ReadFile(layout)
	if err != nil {
		t.Fatal(err)
	}
	if doors := strings.Count(string(data), "channel:"); doors != answer.Recommended.Doors || doors < 10 {
		t.Errorf("the layout has %d doors, the plan %d", doors, answer.Recommended.Doors)
	}
}
