package catalog_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/catalog"
	"cubby/board/virtual"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

func models(t *testing.T) []catalog.Model {
	t.Helper()
	all, err := catalog.Models()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// settings is what an operator writes for a model, and the acceptance that only an operator can give.
func settings(m catalog.Model) config.Bus {
	s := config.Bus{Name: "left", Model: m.ID, Boards: []int{int(m.MinAddress)}}
	if m.Setting("mode") == "coil" || m.Family == "usbrelay" || m.Family == "gpio" {
		s.Options.Accept = lock.Acceptance
	}
	return s
}

func TestModels_AreComplete(t *testing.T) {
	t.Parallel()
	families := map[string]lock.Family{}
	for _, f := range lock.Families() {
		families[f.Name] = f
	}
	seen := map[string]bool{}
	for _, m := range models(t) {
		f, ok := families[m.Family]
		if !ok {
			t.Errorf("%s: no family %q", m.ID, m.Family)
			continue
		}
		seen[m.Family] = true
		if m.MinAddress < f.MinAddress || m.MaxAddress > f.MaxAddress {
			t.Errorf("%s: addresses %d to %d, the family has %d to %d", m.ID, m.MinAddress, m.MaxAddress, f.MinAddress, f.MaxAddress)
		}
		if (m.BaudRate == 0) != (f.BaudRate == 0) && m.Setting("framing") != "tcp" {
			t.Errorf("%s: a rate of %d", m.ID, m.BaudRate)
		}
		if m.Evidence != catalog.EvidenceVirtual {
			t.Errorf("%s: evidence %v: say in the change who tried it, and extend this test", m.ID, m.Evidence)
		}
		got, err := catalog.Find(m.ID)
		if err != nil || got.Name != m.Name {
			t.Errorf("%s is not found: %v", m.ID, err)
		}
	}
	for name := range families {
		if !seen[name] {
			t.Errorf("no model of the family %s", name)
		}
	}
}

// Each model's driver opens a door of its own virtual board and reads what became of it.
func TestModels_Work(t *testing.T) {
	t.Parallel()
	for _, m := range models(t) {
		t.Run(m.ID, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { work(t, m) })
		})
	}
}

func work(t *testing.T, m catalog.Model) {
	t.Helper()
	addr, last := m.MinAddress, board.Channel(m.Channels)
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{addr: m.Channels}})
	fatal(t, err)
	slave, err := lock.NewSlave(settings(m), lock.Bench{World: world})
	fatal(t, err)
	near, far := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- slave.Serve(ctx, far) }()
	defer func() {
		cancel()
		fatal(t, errors.Join(<-done, near.Close()))
	}()
	driver, err := lock.NewDriver(settings(m), near, time.Now)
	fatal(t, err)
	if info := driver.Info(); info.Family != m.Family || info.Channels != m.Channels {
		t.Errorf("the driver says %s with %d channels", info.Family, info.Channels)
	}
	sees(t, driver, addr, 0)
	ack, err := driver.Unlock(ctx, addr, last)
	if err != nil || ack == board.AckRefused {
		t.Errorf("unlock: %v, %v", ack, err)
	}
	synctest.Wait()
	if n := world.PulseCount(addr, last); n != 1 || len(world.Pulses()) != 1 {
		t.Errorf("%d pulses of channel %d, %d in all, want 1", n, last, len(world.Pulses()))
	}
	sees(t, driver, addr, last)
	if r, ok := driver.(board.Restorer); ok {
		fatal(t, r.Restore(ctx, addr))
	}
	codec, err := lock.NewCodec(settings(m))
	fatal(t, err)
	frame, err := codec.OpenFrame(addr, last)
	fatal(t, err)
	if x := codec.Explain(frame); len(x) != 1 || !x[0].Valid {
		t.Errorf("% X is explained as %+v", frame, x)
	}
	_, err = codec.OpenFrame(addr, last+1)
	if !errors.Is(err, board.ErrRange) {
		t.Errorf("channel %d: %v", last+1, err)
	}
}

// sees requires that one door, or none (0), reads as open where the family sees doors at all.
func sees(t *testing.T, driver board.Driver, addr board.Address, open board.Channel) {
	t.Helper()
	if !driver.Info().SeesDoor() {
		return
	}
	reading, err := driver.ReadStates(t.Context(), addr)
	fatal(t, err)
	for i, got := range reading.Doors {
		want := board.StateClosed
		if board.Channel(i+1) == open {
			want = board.StateOpen
		}
		if got != want {
			t.Errorf("channel %d reads %v, want %v", i+1, got, want)
		}
	}
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const good = `id: x-1
name: 'X: one'
maker: various
family: rs485
channels: 8
addresses: 1-31
baud: 9600
settings:
  polarity: closing
  output_lines: [5, 6]
evidence: virtual
sources:
  - somebody
notes: >-
  Two
  lines.
`

func TestParse(t *testing.T) {
	t.Parallel()
	m, err := catalog.Parse("x-1.yaml", []byte(good))
	fatal(t, err)
	if m.Channels != 8 || m.MinAddress != 1 || m.MaxAddress != 31 || m.Setting("output_lines") != "5,6" ||
		m.Notes != "Two lines." || m.Name != "X: one" || m.Setting("none") != "" {
		t.Errorf("got %+v", m)
	}
}

func TestParse_Problems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, text, want string }{
		"unknown key":      {"maker:", "makre:", "x.yaml:3: makre: unknown key"},
		"missing key":      {"maker: various\n", "", "x.yaml:1: maker is missing"},
		"twice":            {"maker: various", "maker: various\nmaker: again", "x.yaml:4"},
		"no number":        {"channels: 8", "channels: eight", `x.yaml:5: channels: "eight", want a number from 1 to 255`},
		"too many":         {"channels: 8", "channels: 256", "x.yaml:5"},
		"range":            {"1-31", "31-1", `x.yaml:6: addresses: "31-1", want a range`},
		"no range":         {"1-31", "1-x", "x.yaml:6"},
		"evidence":         {"evidence: virtual", "evidence: hearsay", "x.yaml:11: evidence"},
		"id":               {"id: x-1", "id: X 1", "x.yaml:1: id"},
		"no sources":       {"sources:\n  - somebody", "sources: []", "x.yaml:12: sources"},
		"sources no list":  {"sources:\n  - somebody", "sources: somebody", "x.yaml:12: sources"},
		"nested":           {"polarity: closing", "polarity: {a: b}", "polarity (line 9)"},
		"settings no keys": {"settings:\n  polarity: closing\n  output_lines: [5, 6]", "settings: 5", "x.yaml:8: settings"},
		"syntax":           {"id: x-1", "id: [", "x.yaml:"},
		"documents":        {"id: x-1", "a: b\n---\nid: x-1", "2 documents"},
		"long text":        {"somebody", strings.Repeat("x", 2001), "2001 bytes"},
		"large file":       {"somebody", strings.Repeat("x", 20_000), "is it a model?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.Parse("x.yaml", []byte(strings.Replace(good, c.old, c.text, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLoad_HoldsNamesToFiles(t *testing.T) {
	t.Parallel()
	_, err := catalog.Load(fstest.MapFS{"y.yaml": {Data: []byte(good)}})
	if err == nil || !strings.Contains(err.Error(), "want the name of the file: y") {
		t.Errorf("got %v", err)
	}
	_, err = catalog.Find("none")
	if err == nil || !strings.Contains(err.Error(), "8a80-24") {
		t.Errorf("got %v, want the known ones in it", err)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(err, len(files))
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("a: &a [*a]\n")
	f.Add("settings:\n  ? [a]\n  : b\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := catalog.Parse("f", []byte(text))
		if err == nil && (m.Channels < 1 || m.Evidence == 0 || m.MinAddress > m.MaxAddress) {
			t.Errorf("accepted %+v", m)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "f:") {
			t.Errorf("an error without its place: %v", err)
		}
	})
}
