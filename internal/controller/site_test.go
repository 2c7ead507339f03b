package controller_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

const (
	siteID  = locker.SiteID("harbour")
	panelID = controller.PanelID("main")
	ana     = locker.RecipientID("ana")  // unit 101
	bob     = locker.RecipientID("bob")  // unit 101, the same household
	cleo    = locker.RecipientID("cleo") // unit 4B, number 402, needs a low door
	dora    = locker.RecipientID("dora") // unit 103
)

func secretOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func keyOf(tb testing.TB, name string) credential.Key {
	tb.Helper()
	key, err := credential.NewKey(secretOf(name))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// layoutOf is one bank of n doors on board 1 and up of bus "a", 24 to a board, with a shelf and a
// desk. Sizes go S, S, M, L round; odd doors are low.
func layoutOf(n int, w locker.Witness) locker.Layout {
	sizes := []locker.Size{locker.SizeS, locker.SizeS, locker.SizeM, locker.SizeL}
	col := locker.Column{Name: "A"}
	for i := range n {
		name := fmt.Sprintf("A%02d", i+1)
		reach := 900
		if i%2 == 1 {
			reach = 1600
		}
		col.Compartments = append(col.Compartments, locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: sizes[i%len(sizes)], Units: 2, ReachMM: reach,
			Output: locker.Output{Bus: "a", Board: uint8(1 + i/24), Channel: uint8(1 + i%24)},
		})
	}
	return locker.Layout{
		Banks: []locker.Bank{{ID: "main", Name: "Main", Witness: w, Columns: []locker.Column{col}}},
		Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{{ID: "room/1", Name: "1"}}}},
		Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

// directoryOf is everybody that the tests know.
func directoryOf(tb testing.TB, layout locker.Layout) []wire.Change {
	tb.Helper()
	var changes []wire.Change
	add := func(c wire.Change, err error) {
		if err != nil {
			tb.Fatal(err)
		}
		c.Rev = uint64(len(changes) + 1)
		changes = append(changes, c)
	}
	key := locker.KeyID(keyOf(tb, "codes").ID())
	add(wire.EncodeSite(locker.Site{ID: siteID, Name: "Harbour House", Key: key, TimeZone: "UTC", Phone: "555"}))
	add(wire.EncodeLayout(layout))
	policy := locker.DefaultPolicy()
	add(wire.EncodePolicy(policy))
	add(wire.EncodeCodeKey(wire.Key{ID: key, Secret: secretOf("codes")}))
	add(wire.EncodeProofKey(wire.Key{ID: "p1", Secret: secretOf("proofs")}))
	for _, u := range []locker.Unit{
		{ID: "u101", Kind: locker.UnitApartment, Name: "101", Number: "101"},
		{ID: "u4b", Kind: locker.UnitApartment, Name: "4B", Number: "402"},
		{ID: "u103", Kind: locker.UnitApartment, Name: "103", Number: "103"},
	} {
		add(wire.EncodeUnit(u))
	}
	for _, r := range []locker.Recipient{
		{ID: ana, Kind: locker.RecipientResident, Unit: "u101", Name: "Ana Smith"},
		{ID: bob, Kind: locker.RecipientResident, Unit: "u101", Name: "Bob Smith"},
		{ID: cleo, Kind: locker.RecipientResident, Unit: "u4b", Name: "Cleo Garcia", LowDoor: true},
		{ID: dora, Kind: locker.RecipientResident, Unit: "u103", Name: "Dora Jones"},
	} {
		add(wire.EncodeRecipient(r))
	}
	add(wire.EncodeCourier(locker.Courier{ID: "c1", Carrier: "ups", Name: "Courier", Key: key, Generation: 1}))
	duties := []locker.Duty{locker.DutyOpen, locker.DutyClear, locker.DutyReissue, locker.DutyService}
	add(wire.EncodeStaff(locker.Staff{ID: "s1", Name: "Sam", Duties: duties, Key: key, Generation: 1}))
	add(wire.EncodeStaff(locker.Staff{ID: "s2", Name: "Pat", Duties: duties, Key: key, Generation: 1}))
	return changes
}

// ids gives ids that grow, as UUIDv7 do.
type ids struct {
	mu sync.Mutex
	n  int
}

func (i *ids) next() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.n++
	return fmt.Sprintf("id%06d", i.n)
}

// memStore is a Store that outlives a controller.
type memStore struct {
	mu      sync.Mutex
	ack     wire.DirectoryAck
	changes []wire.Change
	snap    []byte
	acked   wire.Position
}

func (s *memStore) Directory(context.Context) (wire.DirectoryAck, []wire.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ack, s.changes, nil
}

func (s *memStore) ApplyDirectory(_ context.Context, b wire.DirectoryBatch) (wire.DirectoryAck, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.From == 0 {
		s.changes = nil
	}
	s.changes = append(s.changes, b.Changes...)
	s.ack = wire.DirectoryAck{Epoch: b.Epoch, Rev: b.To}
	return s.ack, nil
}

func (s *memStore) Snapshot(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap, nil
}

func (s *memStore) PutSnapshot(_ context.Context, _ wire.Position, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snap = data
	return nil
}

func (s *memStore) SetAcked(_ context.Context, at wire.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = at
	return nil
}

// rig is a site with real bytes between its controller and a virtual board; it lives in a synctest
// bubble.
type rig struct {
	t       *testing.T
	world   *virtual.World
	memory  *journal.Memory
	store   *memStore
	ids     *ids
	options func(*controller.Options)

	c    *controller.Controller
	halt func() error // ends the run and returns its error
}

func newRig(t *testing.T, layout locker.Layout, options func(*controller.Options)) *rig {
	t.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{1: 24}})
	if err != nil {
		t.Fatal(err)
	}
	changes := directoryOf(t, layout)
	r := &rig{
		t: t, world: world, memory: journal.NewMemory(), ids: &ids{}, options: options,
		store: &memStore{changes: changes, ack: wire.DirectoryAck{Epoch: 1, Rev: uint64(len(changes))}},
	}
	r.start()
	return r
}

// start plugs the controller in: a new process over the same record.
func (r *rig) start() {
	r.t.Helper()
	log, err := journal.New(r.t.Context(), r.memory, journal.LogOptions{
		Site: string(siteID), Signer: ed25519.NewKeyFromSeed(secretOf("site")), Now: time.Now,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	near, far := net.Pipe()
	driver, err := rs485.New(rs485.Options{Conn: near, Now: time.Now, Channels: 24, Polarity: rs485.PolarityOpening})
	if err != nil {
		r.t.Fatal(err)
	}
	opts := controller.Options{
		Site: siteID, Version: "test", Journal: log, Store: r.store, Now: time.Now, NewID: r.ids.next,
		Buses: []controller.Bus{{Name: "a", Driver: driver}}, Logger: slog.New(slog.DiscardHandler),
	}
	if r.options != nil {
		r.options(&opts)
	}
	c, err := controller.New(opts)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served, ran := make(chan error, 1), make(chan error, 1)
	go func() { served <- rs485.Serve(ctx, far, r.world) }()
	go func() { ran <- c.Run(ctx) }()
	r.c = c
	var once sync.Once
	var runErr error
	r.halt = func() error {
		once.Do(func() {
			cancel()
			runErr = <-ran
			near.Close()
			if err := <-served; err != nil && runErr == nil {
				runErr = fmt.Errorf("virtual boards: %w", err)
			}
		})
		return runErr
	}
	r.t.Cleanup(func() { _ = r.halt() })
	select {
	case <-c.Ready():
	case err := <-ran:
		ran <- err
		r.t.Fatalf("the controller did not start: %v", err)
	case <-time.After(10 * time.Second):
		r.t.Fatal("the controller is not ready after 10 s")
	}
}

func (r *rig) stop() {
	r.t.Helper()
	if err := r.halt(); err != nil {
		r.t.Fatalf("run: %v", err)
	}
}

// code returns the symbols of a subject's code.
func (r *rig) code(subject string, generation uint32) string {
	return credential.Derive(keyOf(r.t, "codes"), subject, generation).Symbols()
}

func (r *rig) enter(code string) (controller.Turn, error) {
	return r.c.Enter(r.t.Context(), panelID, controller.Input{Code: code})
}

func (r *rig) signIn() controller.Turn {
	r.t.Helper()
	turn, err := r.enter(r.code("courier:c1", 1))
	if err != nil || turn.Step != controller.StepCourierReady {
		r.t.Fatalf("courier signs in: step %s, %v", turn.Step, err)
	}
	return turn
}

func (r *rig) act(act controller.Act) controller.Turn {
	r.t.Helper()
	turn, err := r.c.Act(r.t.Context(), panelID, act)
	if err != nil {
		r.t.Fatalf("%T: %v (step %s)", act, err, turn.Step)
	}
	return turn
}

// await waits until the panel shows a step.
func (r *rig) await(step controller.Step) controller.Turn {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Minute)
	defer cancel()
	turn, err := r.c.Turn(ctx, panelID)
	for err == nil && turn.Step != step {
		turn, err = r.c.Watch(ctx, panelID, turn.Version)
	}
	if err != nil {
		r.t.Fatalf("waiting for step %s, the panel shows %s: %v", step, turn.Step, err)
	}
	return turn
}

// shut closes a door by hand after a moment.
func (r *rig) shut(name string) {
	r.t.Helper()
	time.Sleep(2 * time.Second)
	if err := r.world.Close(1, channelOf(r.t, name)); err != nil {
		r.t.Fatal(err)
	}
}

func channelOf(tb testing.TB, name string) board.Channel {
	tb.Helper()
	n, err := strconv.Atoi(name[1:])
	if err != nil {
		tb.Fatal(err)
	}
	return board.Channel(n)
}

// drop stores one parcel through the kiosk, the courier signed in, and returns its stay and door.
func (r *rig) drop(unit string, size locker.Size) (locker.StayID, string) {
	r.t.Helper()
	r.act(controller.ScanParcel{Tracking: "1Z999"})
	turn := r.act(controller.FindRecipient{Text: unit})
	r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
	r.act(controller.ChooseSize{Size: size})
	turn = r.await(controller.StepOpen)
	r.shut(turn.Door.Name)
	turn = r.await(controller.StepCourierReady)
	if turn.Last == nil || !turn.Last.Stored {
		r.t.Fatalf("after the door shut: %+v", turn.Last)
	}
	return r.stays()[len(r.stays())-1], turn.Last.Door.Name
}

// facts returns everything on record.
func (r *rig) facts() []locker.Fact {
	r.t.Helper()
	var facts []locker.Fact
	for _, op := range r.operations() {
		facts = append(facts, op.Facts...)
	}
	return facts
}

func (r *rig) operations() []wire.Operation {
	r.t.Helper()
	epochs, err := r.memory.Epochs(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	var ops []wire.Operation
	for _, e := range epochs {
		records, err := r.memory.Read(r.t.Context(), e.Number, 1, 1<<20)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, rec := range records {
			op, err := wire.DecodeOperation(rec.Body)
			if err != nil {
				r.t.Fatal(err)
			}
			ops = append(ops, op)
		}
	}
	return ops
}

func (r *rig) stays() []locker.StayID {
	r.t.Helper()
	var stays []locker.StayID
	for _, f := range r.facts() {
		if d, ok := f.(locker.DepositBegun); ok {
			stays = append(stays, d.Stay)
		}
	}
	return stays
}

func (r *rig) count(kind string) int {
	r.t.Helper()
	n := 0
	for _, f := range r.facts() {
		if f.Kind() == kind {
			n++
		}
	}
	return n
}

func wantCode(t *testing.T, err error, code locker.Code) {
	t.Helper()
	if !errors.Is(err, &locker.Error{Code: code}) {
		t.Errorf("error %v, want %s", err, code)
	}
}
