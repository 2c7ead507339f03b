package commission_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/commission"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// bench is boards on a line, doors with labels, and a person before them.
type bench struct {
	t     *testing.T
	world *virtual.World
	slave *rs485.Slave
	bus   commission.DirectBus
	label map[locker.Output]string // what is painted on the door that an output opens

	mu     sync.Mutex
	opened []locker.Output // by the last pulse
}

// newBench puts boards of 16 channels on a line of 9600 baud.
func newBench(t *testing.T, boards int) *bench {
	t.Helper()
	b := &bench{t: t, label: map[locker.Output]string{}}
	sizes := map[board.Address]int{}
	for i := range boards {
		sizes[board.Address(i+1)] = 16
		b.bus.Addresses = append(b.bus.Addresses, board.Address(i+1))
	}
	var err error
	b.world, err = virtual.NewWorld(virtual.Options{Now: time.Now, Boards: sizes})
	must(t, err)
	b.slave, err = rs485.NewSlave(rs485.SlaveOptions{World: b.world, Polarity: rs485.PolarityClosing})
	must(t, err)
	b.rewire(b.slave.Serve)
	b.bus.Name, b.bus.Polarity, b.bus.Other = "left", "closing", "opening"
	b.world.Subscribe(func(e virtual.Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if e.Kind == virtual.EventOpened {
			b.opened = append(b.opened, out(int(e.Addr), int(e.Channel)))
		}
	})
	return b
}

// rewire puts the driver on a line of its own with these boards at the far end.
func (b *bench) rewire(serve virtual.Handler) {
	b.t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(context.Background(), far) // ends with the line
	}()
	b.t.Cleanup(func() { _ = near.Close(); <-done })
	driver, err := rs485.New(rs485.Options{Conn: near, Now: time.Now, Channels: 16, Polarity: rs485.PolarityClosing})
	must(b.t, err)
	b.bus.Driver = driver
}

// see returns the labels of the doors that came open, and shuts them.
func (b *bench) see() []string {
	b.mu.Lock()
	opened := b.opened
	b.opened = nil
	b.mu.Unlock()
	var labels []string
	for _, o := range opened {
		labels = append(labels, b.label[o])
		must(b.t, b.world.Close(board.Address(o.Board), board.Channel(o.Channel)))
	}
	return labels
}

// direct opens a session over the bench.
func (b *bench) direct(storage journal.Storage) (*commission.Direct, *journal.Log) {
	b.t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	log, err := journal.New(b.t.Context(), storage, journal.LogOptions{Site: "new-bank", Signer: key, Now: time.Now})
	must(b.t, err)
	n := 0
	d, err := commission.NewDirect(b.t.Context(), commission.DirectOptions{
		Buses: []commission.DirectBus{b.bus}, Record: log, Site: "new-bank", Key: key.Public().(ed25519.PublicKey),
		Version: "test", Installer: "installer-7", Now: time.Now,
		NewID: func() string { n++; return fmt.Sprintf("%d-%d", time.Now().UnixNano(), n) },
	})
	must(b.t, err)
	return d, log
}

// facts reads what is on record.
func facts(t *testing.T, log *journal.Log) []locker.Fact {
	t.Helper()
	records, err := log.Read(t.Context(), 1, 1, journal.MaxRead)
	must(t, err)
	var all []locker.Fact
	for _, r := range records {
		op, err := wire.DecodeOperation(r.Body)
		must(t, err)
		all = append(all, op.Facts...)
	}
	return all
}

// An installer tests a bank of 45 doors on three boards, with two crossed doors, one lock that is stuck
// and one dead sensor, in less than a quarter of an hour, at eight seconds for each look and key.
func TestDirect_FortyFiveDoorsInAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		d, log := b.direct(journal.NewMemory())
		s, err := commission.NewSession(commission.SessionOptions{Opener: d, Now: time.Now})
		must(t, err)
		boards, err := s.Probe(t.Context())
		must(t, err)
		plan := planned(t, []int{15, 15, 15}, boards)
		for label, o := range wiring(plan) {
			b.label[o] = label
		}
		b.label[out(1, 3)], b.label[out(1, 4)] = "A04", "A03"
		must(t, b.world.SetBehaviour(2, 5, virtual.BehaviourStuck, 0))
		must(t, b.world.SetBehaviour(3, 7, virtual.BehaviourFrozen, 0))
		for ch := board.Channel(14); ch <= 16; ch++ { // no door hangs there
			must(t, b.world.SetBehaviour(3, ch, virtual.BehaviourStuck, 0))
		}
		stuck, dead := b.label[out(2, 5)], b.label[out(3, 7)]

		began := time.Now()
		must(t, s.Begin(t.Context(), &plan))
		first := b.goThrough(s, began)
		took := time.Since(began)
		t.Logf("first door after %v, all 45 after %v", first, took)
		if took >= 15*time.Minute || first >= 10*time.Minute {
			t.Errorf("first door after %v, all after %v: want 10 and 15 minutes", first, took)
		}
		must(t, s.View(func(w *commission.Walk) {
			want := []string{"crossed_doors [A03 A04]", "stuck [" + stuck + "]", "dead_sensor [" + dead + "]", "spare"}
			if got := told(w.Findings()); !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
			proposed := wiring(w.Layout())
			for o, label := range b.label {
				if label != stuck && proposed[label] != o {
					t.Errorf("door %s is proposed at %s, it hangs on %s", label, proposed[label], o)
				}
			}
		}))
		must(t, s.Close(t.Context()))
		b.checkPace(log)
	})
}

// goThrough walks to the end and returns when the first door was open.
func (b *bench) goThrough(s *commission.Session, began time.Time) (first time.Duration) {
	b.t.Helper()
	for {
		step, _, err := s.Step()
		must(b.t, err)
		switch step.Kind {
		case commission.StepDone:
			return first
		case commission.StepConfirm:
			b.t.Fatal("nothing lies in any door")
		case commission.StepOpen:
			must(b.t, s.Open(b.t.Context()))
		case commission.StepAsk:
			if first == 0 {
				first = time.Since(began)
			}
			time.Sleep(8 * time.Second) // of the bubble: the person looks, shuts the door and presses a key
			must(b.t, s.Answer(b.t.Context(), says(step, b.see())))
		}
	}
}

// checkPace compares the record with what the locks felt: each pulse has one request before it, and a
// second lies between two.
func (b *bench) checkPace(log *journal.Log) {
	b.t.Helper()
	requests, ends := 0, 0
	for _, f := range facts(b.t, log) {
		switch f := f.(type) {
		case locker.OpenRequested:
			requests++
			if f.Actor.ID != "installer-7" || f.Cause != locker.CauseLocal || !strings.HasPrefix(string(f.Grant), "service:") {
				b.t.Errorf("a request of %+v by %q", f.Actor, f.Grant)
			}
		case locker.DoorOpened, locker.OpenFailed, locker.OpenUnconfirmed:
			ends++
		}
	}
	pulses := b.world.Pulses()
	if len(pulses) != requests || ends != requests {
		b.t.Errorf("%d pulses, %d requests, %d ends on record", len(pulses), requests, ends)
	}
	for i := 1; i < len(pulses); i++ {
		if gap := pulses[i].At.Sub(pulses[i-1].At); gap < time.Second {
			b.t.Errorf("pulse %d came %v after the one before", i, gap)
		}
	}
}

// The power goes between a pulse and its answer: the next session closes the request, and never pulses
// by itself.
func TestDirect_ClosesWhatAnInterruptionLeftOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		storage := journal.NewMemory()
		d, _ := b.direct(storage)
		sight, err := d.Open(t.Context(), commission.Opening{Output: out(1, 1), Place: "main/A01"})
		must(t, err)
		if len(sight.Moves) != 1 || sight.Moves[0].Output != out(1, 1) || !sight.Heard {
			t.Errorf("the sight is %+v, want the sensor of 1/1", sight)
		}
		d, log := b.direct(storage)
		all := facts(t, log)
		if !slices.Contains(all, locker.Fact(locker.OpenUnconfirmed{Request: sight.Request, Place: "main/A01"})) {
			t.Errorf("the request stays open: %+v", all)
		}
		must(t, d.Conclude(t.Context(), commission.Conclusion{Request: sight.Request, Ending: commission.EndingOpened, Place: "main/A01"}))
		if n := len(facts(t, log)); n != len(all) {
			t.Error("a request has two ends")
		}
		if got := b.world.PulseCount(1, 1); got != 1 {
			t.Errorf("%d pulses, want the one that was asked for", got)
		}
	})
}

// A door that stands open already is no dead sensor when it is opened again.
func TestDirect_KnowsADoorThatStandsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		d, _ := b.direct(journal.NewMemory())
		s, err := commission.NewSession(commission.SessionOptions{Opener: d, Now: time.Now})
		must(t, err)
		boards, err := s.Probe(t.Context())
		must(t, err)
		plan := planned(t, []int{1}, boards)
		must(t, s.Begin(t.Context(), &plan))
		must(t, s.Open(t.Context()))
		must(t, s.Answer(t.Context(), commission.Answer{Kind: commission.AnswerAgain})) // the door stays open
		must(t, s.Open(t.Context()))
		must(t, s.Answer(t.Context(), commission.Answer{Kind: commission.AnswerYes}))
		must(t, s.View(func(w *commission.Walk) {
			if f := w.Findings(); len(f) != 0 {
				t.Errorf("found %+v", f)
			}
		}))
		if got := b.world.PulseCount(1, 1); got != 2 {
			t.Errorf("%d pulses, want the two that were asked for", got)
		}
	})
}

// Nothing is pulsed when the record cannot be written.
func TestDirect_PulsesNothingThatIsNotOnRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		storage := journal.NewMemory()
		d, _ := b.direct(storage)
		full := errors.New("no space")
		storage.SetFault(func(journal.Change) error { return full })
		_, err := d.Open(t.Context(), commission.Opening{Output: out(1, 1)})
		if !errors.Is(err, full) || b.world.PulseCount(1, 1) != 0 {
			t.Errorf("error %v, %d pulses", err, b.world.PulseCount(1, 1))
		}
	})
}

// A silent board is found by the probe, its doors are not tried, and an address beside it is.
func TestDirect_ProbesWithoutOpening(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		must(t, b.world.SetSilent(2, true))
		d, _ := b.direct(journal.NewMemory())
		boards, err := d.Boards(t.Context())
		must(t, err)
		if len(boards) != 2 || boards[0].Presence != board.PresenceOne || boards[1].Presence != board.PresenceNone || !boards[0].Sees {
			t.Errorf("found %+v, want board 1 alone", boards)
		}
		if n := len(b.world.Pulses()); n != 0 {
			t.Errorf("the probe pulsed %d locks", n)
		}
	})
}

// twins are two boards with one address: both hear each request, and answer one after the other.
func twins(slaves ...*rs485.Slave) virtual.Handler {
	return func(_ context.Context, rw io.ReadWriter) error {
		var ends []virtual.Slave
		for _, s := range slaves {
			ends = append(ends, s.Session())
		}
		answers := make(chan []byte, 64) // a line does not wait for whoever should read it
		defer close(answers)
		go func() {
			for a := range answers {
				_, _ = rw.Write(a) // ends with the line
			}
		}()
		buf := make([]byte, 256)
		for {
			n, err := rw.Read(buf)
			if err != nil {
				return err
			}
			for _, end := range ends {
				for _, r := range end.Feed(buf[:n]) {
					if len(r.Frame) > 0 {
						answers <- r.Frame
					}
				}
			}
		}
	}
}

// Two cards with one address are told from one card before anything opens, and once more by the doors: each
// pulse opens two.
func TestDirect_TellsTwoCardsFromOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		second := newBench(t, 1)
		b.rewire(twins(b.slave, second.slave))
		d, _ := b.direct(journal.NewMemory())
		s, err := commission.NewSession(commission.SessionOptions{Opener: d, Now: time.Now})
		must(t, err)
		boards, err := s.Probe(t.Context())
		must(t, err)
		if len(boards) != 1 || boards[0].Presence != board.PresenceSeveral || len(b.world.Pulses())+len(second.world.Pulses()) != 0 {
			t.Fatalf("found %+v, want several boards at one address and no pulse", boards)
		}
		plan := planned(t, []int{2}, boards)
		must(t, s.Begin(t.Context(), &plan))
		for range 2 {
			step, _, err := s.Step()
			must(t, err)
			must(t, s.Open(t.Context()))
			if b.world.PulseCount(1, board.Channel(step.Output.Channel)) != 1 || second.world.PulseCount(1, board.Channel(step.Output.Channel)) != 1 {
				t.Fatalf("the twins do not both open: %v, %v", b.world.Pulses(), second.world.Pulses())
			}
			must(t, s.Answer(t.Context(), commission.Answer{Kind: commission.AnswerSeveral, Labels: []string{step.Door, "Z" + step.Door}}))
		}
		must(t, s.View(func(w *commission.Walk) {
			f := w.Findings()
			if len(f) == 0 || f[0].Kind != commission.KindSharedAddress || f[0].Board != "left/1" || len(f[0].Doors) != 4 {
				t.Errorf("found %+v, want left/1 named with four doors", f)
			}
		}))
	})
}

// The record of a walk is a journal like any other: it verifies, also when it was exported.
func TestDirect_RecordVerifies(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	path := filepath.Join(t.TempDir(), "commissioning.db")
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	log, _, err := journal.Open(t.Context(), journal.Options{Path: path, Site: "new-bank", Signer: key, ReserveBytes: -1, Now: time.Now})
	must(t, err)
	n := 0
	d, err := commission.NewDirect(t.Context(), commission.DirectOptions{
		Buses: []commission.DirectBus{b.bus}, Record: log, Site: "new-bank", Key: key.Public().(ed25519.PublicKey),
		Installer: "i", Now: time.Now, NewID: func() string { n++; return fmt.Sprint("id-", n) },
	})
	must(t, err)
	sight, err := d.Open(t.Context(), commission.Opening{Output: out(1, 2), Place: "main/A02"})
	must(t, err)
	must(t, d.Conclude(t.Context(), commission.Conclusion{Request: sight.Request, Ending: commission.EndingOpened, Place: "main/A02", Sensor: true}))
	must(t, d.Close(t.Context()))
	head, err := d.Head(t.Context())
	must(t, err)
	if head.Site != "new-bank" || head.Epoch != 1 || head.Size != 4 || head.Root == "" || head.Key == "" {
		t.Errorf("the head is %+v, want four records of new-bank", head)
	}
	must(t, log.Close())
	report, err := journal.VerifyFile(t.Context(), path, journal.VerifyOptions{Site: key.Public().(ed25519.PublicKey)})
	must(t, err)
	if fault := report.Fault(); fault != nil || report.Records() != 4 || report.Epochs[0].Heads == 0 {
		t.Errorf("not verified: %v, %d records", fault, report.Records())
	}
}

// One function touches a lock, and it takes the proof that only a durable request makes.
func TestUnlock_OneWay(t *testing.T) {
	t.Parallel()
	unlocks, proofs := []string{}, []string{}
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		must(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		must(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.SelectorExpr); n.Sel.Name == "Unlock" && (!ok || x.Sel.Name != "mu") {
						unlocks = append(unlocks, f.Name.Name)
					}
				case *ast.CompositeLit:
					if id, ok := n.Type.(*ast.Ident); ok && id.Name == "granted" && len(n.Elts) > 0 {
						proofs = append(proofs, f.Name.Name)
					}
				}
				return true
			})
		}
	}
	if !slices.Equal(unlocks, []string{"pulse"}) || !slices.Equal(proofs, []string{"request"}) {
		t.Errorf("locks are touched by %v, proofs made by %v: want pulse and request alone", unlocks, proofs)
	}
}
