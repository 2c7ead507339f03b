package commission

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/controller/governor"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

const (
	// watchFor is how long sensors are watched after a pulse: a slow latch takes two seconds.
	watchFor = 2500 * time.Millisecond
	// settleFor is how long the other sensors are given once the door's own has moved.
	settleFor = 250 * time.Millisecond
	// lookEvery is the pause between two looks, and a bounce is over within it.
	lookEvery = 80 * time.Millisecond
	// readTail is how many of the last operations are read for requests without an end: one walk has
	// some hundred.
	readTail = 4096
)

// recorder is the record of the openings; *journal.Log is one.
type recorder interface {
	Next(ctx context.Context) (epoch, number uint64, err error)
	Append(ctx context.Context, expect uint64, entries []journal.Entry) error
	Read(ctx context.Context, epoch, from uint64, limit int) ([]journal.Record, error)
	Checkpoint(ctx context.Context) (journal.Head, error)
}

var _ recorder = (*journal.Log)(nil)

// DirectBus is one line with its boards.
type DirectBus struct {
	Name      string
	Driver    board.Driver
	Addresses []board.Address
	Polarity  string // as configured; empty: the family has none
	Other     string
}

// DirectOptions are what a Direct needs.
type DirectOptions struct {
	Buses     []DirectBus
	Record    recorder
	Site      locker.SiteID // of the record
	Key       ed25519.PublicKey
	Version   string
	Installer string // a random reference, no name
	Now       func() time.Time
	NewID     func() string
}

// Direct is an Opener that drives the buses itself, where no controller runs.
type Direct struct {
	opts     DirectOptions
	session  locker.SessionID
	boot     string
	start    time.Time
	governor governor.Governor
	pending  map[locker.RequestID]locker.PlaceID // requests on record without an end
	silent   map[string]bool                     // boards that the last look for boards did not hear
}

var (
	_ Opener = (*Direct)(nil)
	_ Header = (*Direct)(nil)
)

// granted is the proof that a wish is durable in the record. Only request makes one.
type granted struct {
	request locker.RequestID
	output  locker.Output
}

// NewDirect begins a session on record. What an earlier one left without an end is closed first as
// unconfirmed, and boards whose pulses the program ends are switched off. Nothing is pulsed.
func NewDirect(ctx context.Context, opts DirectOptions) (*Direct, error) {
	if opts.Record == nil || opts.Now == nil || opts.NewID == nil || opts.Site == "" || opts.Installer == "" {
		return nil, errors.New("opening doors directly needs a record, a clock, ids, and who does it")
	}
	d := &Direct{opts: opts, boot: opts.NewID(), start: opts.Now(), session: locker.SessionID(opts.NewID())}
	d.pending = map[locker.RequestID]locker.PlaceID{}
	facts, err := d.beginning(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.append(ctx, facts...); err != nil {
		return nil, err
	}
	d.governor.Recall(0, d.banks(), d.instant())
	return d, d.restore(ctx)
}

// Session names the session on record.
func (d *Direct) Session() locker.SessionID { return d.session }

func (d *Direct) actor() locker.Actor {
	return locker.Actor{Kind: locker.ActorStaff, ID: d.opts.Installer}
}

func (d *Direct) instant() int64 { return d.opts.Now().Sub(d.start).Milliseconds() }

func (d *Direct) banks() []locker.BankID {
	var banks []locker.BankID
	for _, b := range d.opts.Buses {
		banks = append(banks, locker.BankID(b.Name))
	}
	return banks
}

// beginning is what a session begins with on record.
func (d *Direct) beginning(ctx context.Context) ([]locker.Fact, error) {
	epoch, number, err := d.opts.Record.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the next record: %w", err)
	}
	var facts []locker.Fact
	if number == 1 {
		facts = append(facts, locker.EpochBegan{Reason: "commissioning"})
	}
	facts = append(facts, locker.SiteStarted{Boot: d.boot, Version: d.opts.Version})
	open, sessions, err := d.unended(ctx, epoch, number)
	if err != nil {
		return nil, err
	}
	for _, r := range open {
		facts = append(facts, locker.OpenUnconfirmed{Request: r.Request, Place: r.Place})
	}
	for _, s := range sessions {
		facts = append(facts, locker.SessionEnded{Session: s, Reason: "restart"})
	}
	return append(facts, locker.SessionBegan{Session: d.session, Actor: d.actor(), Grant: serviceRight(d.session)}), nil
}

// serviceRight is the right of a commissioning session.
func serviceRight(id locker.SessionID) locker.GrantRef { return locker.ServiceRight(id) }

// unended reads the requests and sessions that an interruption left open.
func (d *Direct) unended(ctx context.Context, epoch, next uint64) ([]locker.OpenRequested, []locker.SessionID, error) {
	var open []locker.OpenRequested
	var sessions []locker.SessionID
	from := uint64(1)
	if next > readTail {
		from = next - readTail
	}
	for from < next {
		records, err := d.opts.Record.Read(ctx, epoch, from, journal.MaxRead)
		if err != nil {
			return nil, nil, fmt.Errorf("read the record from %d: %w", from, err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			op, err := wire.DecodeOperation(r.Body)
			if err != nil {
				return nil, nil, fmt.Errorf("read record %d: %w", r.Number, err)
			}
			for _, f := range op.Facts {
				open, sessions = follow(open, sessions, f)
			}
		}
		from += uint64(len(records))
	}
	return open, sessions, nil
}

func follow(open []locker.OpenRequested, sessions []locker.SessionID, f locker.Fact) ([]locker.OpenRequested, []locker.SessionID) {
	end := func(id locker.RequestID) {
		open = slices.DeleteFunc(open, func(r locker.OpenRequested) bool { return r.Request == id })
	}
	switch f := f.(type) {
	case locker.OpenRequested:
		open = append(open, f)
	case locker.DoorOpened:
		end(f.Request)
	case locker.OpenFailed:
		end(f.Request)
	case locker.OpenUnconfirmed:
		end(f.Request)
	case locker.SessionBegan:
		sessions = append(sessions, f.Session)
	case locker.SessionEnded:
		sessions = slices.DeleteFunc(sessions, func(s locker.SessionID) bool { return s == f.Session })
	}
	return open, sessions
}

// append makes facts durable as one operation.
func (d *Direct) append(ctx context.Context, facts ...locker.Fact) error {
	epoch, number, err := d.opts.Record.Next(ctx)
	if err != nil {
		return fmt.Errorf("ask for the next record: %w", err)
	}
	now := d.opts.Now()
	body, err := wire.EncodeOperation(wire.Operation{
		Site: d.opts.Site, Epoch: epoch, Number: number, Boot: d.boot, MonoMS: d.instant(), WallMS: now.UnixMilli(), Facts: facts,
	})
	if err != nil {
		return fmt.Errorf("encode record %d: %w", number, err)
	}
	if err := d.opts.Record.Append(ctx, number, []journal.Entry{{Body: body}}); err != nil {
		return fmt.Errorf("append record %d: %w", number, err)
	}
	return nil
}

func (d *Direct) restore(ctx context.Context) error {
	for _, b := range d.opts.Buses {
		r, ok := b.Driver.(board.Restorer)
		if !ok || !b.Driver.Info().Software {
			continue
		}
		for _, addr := range b.Addresses {
			if err := r.Restore(ctx, addr); err != nil {
				return fmt.Errorf("switch off board %d of bus %s: %w", addr, b.Name, err)
			}
		}
	}
	return nil
}

// Boards implements Opener.
func (d *Direct) Boards(ctx context.Context) ([]Board, error) {
	var boards []Board
	silent := map[string]bool{}
	for _, b := range d.opts.Buses {
		info := b.Driver.Info()
		for _, addr := range b.Addresses {
			p, err := presence(ctx, b.Driver, addr)
			if err != nil {
				return nil, fmt.Errorf("bus %s, board %d: %w", b.Name, addr, err)
			}
			silent[partOf(b.Name, uint8(addr))] = p == board.PresenceNone
			boards = append(boards, Board{
				Bus: b.Name, Address: uint8(addr), Family: info.Family, Channels: info.Channels, Sees: info.SeesDoor(),
				Presence: p, Polarity: b.Polarity, Other: b.Other,
			})
		}
	}
	d.silent = silent
	return boards, nil
}

// presence asks an address without opening anything. A family that cannot be asked is taken to be
// there: the doors will tell.
func presence(ctx context.Context, driver board.Driver, addr board.Address) (board.Presence, error) {
	if c, ok := driver.(board.Censor); ok {
		return c.Census(ctx, addr) //nolint:wrapcheck // the caller names bus and board
	}
	there := true
	switch p, ok := driver.(board.Prober); {
	case ok:
		var err error
		if there, err = p.Probe(ctx, addr); err != nil {
			return 0, err //nolint:wrapcheck // the caller names bus and board
		}
	case driver.Info().SeesDoor():
		_, err := driver.ReadStates(ctx, addr)
		there = err == nil
	}
	if !there {
		return board.PresenceNone, nil
	}
	return board.PresenceOne, nil
}

// Look implements Opener. Boards that were silent when they were looked for are left out: each would
// cost its deadline, twice for every door.
func (d *Direct) Look(ctx context.Context) ([]Reading, error) {
	var all []Reading
	for _, b := range d.opts.Buses {
		for _, addr := range b.Addresses {
			if d.silent[partOf(b.Name, uint8(addr))] {
				continue
			}
			readings, _ := d.read(ctx, b, addr) // a silent board is left out
			all = append(all, readings...)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read the sensors: %w", err)
	}
	return all, nil
}

func (d *Direct) read(ctx context.Context, b DirectBus, addr board.Address) ([]Reading, error) {
	if !b.Driver.Info().SeesDoor() {
		return nil, nil
	}
	reading, err := b.Driver.ReadStates(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("read board %d of bus %s: %w", addr, b.Name, err)
	}
	all := make([]Reading, 0, len(reading.Doors))
	for i, s := range reading.Doors {
		all = append(all, Reading{State: s, Output: locker.Output{
			Bus: b.Name, Board: uint8(addr), Channel: uint8(i + 1),
		}})
	}
	return all, nil
}

// Open implements Opener.
func (d *Direct) Open(ctx context.Context, o Opening) (Sight, error) {
	i := slices.IndexFunc(d.opts.Buses, func(b DirectBus) bool { return b.Name == o.Output.Bus })
	if i < 0 {
		return Sight{}, fmt.Errorf("output %s: no bus %q is open", o.Output, o.Output.Bus)
	}
	bus, bank := d.opts.Buses[i], locker.BankID(o.Output.Bus)
	before, err := d.Look(ctx)
	if err != nil {
		return Sight{}, err
	}
	for d.governor.Take(bank, locker.CauseLocal, false, d.instant()) != governor.RulingGo {
		if err := pause(ctx, lookEvery); err != nil {
			return Sight{}, err
		}
	}
	g, err := d.request(ctx, o)
	if err != nil {
		d.governor.End(bank, d.instant())
		return Sight{}, err
	}
	ack, failed := d.pulse(ctx, bus, g)
	d.governor.End(bank, d.instant())
	s := Sight{
		Request: g.request, Result: resultOf(ack, failed), Heard: failed == nil && ack != board.AckNone, Was: stateAt(before, o.Output),
	}
	if s.Result == ResultRange {
		return s, nil
	}
	return s, d.watch(ctx, bus, before, o.Output, &s)
}

// request makes the wish durable.
func (d *Direct) request(ctx context.Context, o Opening) (granted, error) {
	g := granted{request: locker.RequestID(d.opts.NewID()), output: o.Output}
	err := d.append(ctx, locker.OpenRequested{
		Request: g.request, Place: placeOf(o.Output, o.Place), Purpose: locker.PurposeOpen, Cause: locker.CauseLocal,
		Grant: serviceRight(d.session), Actor: d.actor(), Session: d.session, Attempt: 1,
	})
	if err != nil {
		return granted{}, err
	}
	d.pending[g.request] = placeOf(o.Output, o.Place)
	return g, nil
}

// pulse is the only function of this package that touches a lock.
func (d *Direct) pulse(ctx context.Context, b DirectBus, g granted) (board.Ack, error) {
	return b.Driver.Unlock(ctx, board.Address(g.output.Board), board.Channel(g.output.Channel)) //nolint:wrapcheck // classified by resultOf
}

func resultOf(ack board.Ack, err error) Result {
	switch {
	case errors.Is(err, board.ErrRange):
		return ResultRange
	case err != nil:
		return ResultSilent
	case ack == board.AckRefused:
		return ResultRefused
	}
	return ResultSent
}

// watch follows the sensors until the door's own has moved, or watchFor is over. A move counts once
// two looks in a row agree.
func (d *Direct) watch(ctx context.Context, b DirectBus, before []Reading, own locker.Output, s *Sight) error {
	began := d.opts.Now()
	var last []Move
	for {
		if err := pause(ctx, lookEvery); err != nil {
			return err
		}
		after := d.opts.Now().Sub(began)
		now, err := d.read(ctx, b, board.Address(own.Board))
		s.Heard = s.Heard || err == nil && now != nil
		seen := moves(before, now, after)
		moved := contains(seen, own) && contains(last, own)
		last = seen
		if moved {
			s.Moves = last
			break
		}
		if after >= watchFor || !b.Driver.Info().SeesDoor() && after >= settleFor {
			break
		}
	}
	if err := pause(ctx, settleFor); err != nil {
		return err
	}
	all, err := d.Look(ctx)
	if err != nil {
		return err
	}
	for _, m := range moves(before, all, d.opts.Now().Sub(began)) {
		if !contains(s.Moves, m.Output) {
			s.Moves = append(s.Moves, m)
		}
	}
	return nil
}

func contains(list []Move, o locker.Output) bool {
	return slices.ContainsFunc(list, func(m Move) bool { return m.Output == o })
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the door: %w", ctx.Err())
	}
}

// Conclude implements Opener.
func (d *Direct) Conclude(ctx context.Context, c Conclusion) error {
	if _, ok := d.pending[c.Request]; !ok {
		return nil // of an earlier session: it was closed as unconfirmed
	}
	var fact locker.Fact
	switch c.Ending {
	case EndingOpened:
		evidence := locker.EvidencePerson
		if c.Sensor {
			evidence = locker.EvidenceDoor
		}
		fact = locker.DoorOpened{Place: c.Place, Request: c.Request, Evidence: evidence}
	case EndingFailed:
		fact = locker.OpenFailed{Request: c.Request, Place: c.Place, Reason: c.Reason}
	case EndingUnknown:
		fact = locker.OpenUnconfirmed{Request: c.Request, Place: c.Place}
	}
	if err := d.append(ctx, fact); err != nil {
		return err
	}
	delete(d.pending, c.Request)
	return nil
}

// Close implements Opener: it ends the session on record, and what is open there as unconfirmed. The
// buses stay open; they are their owner's.
func (d *Direct) Close(ctx context.Context) error {
	var facts []locker.Fact
	for _, id := range slices.Sorted(maps.Keys(d.pending)) {
		facts = append(facts, locker.OpenUnconfirmed{Request: id, Place: d.pending[id]})
	}
	if err := d.append(ctx, append(facts, locker.SessionEnded{Session: d.session, Reason: "done"})...); err != nil {
		return err
	}
	clear(d.pending)
	return d.restore(ctx)
}

// Head implements Header.
func (d *Direct) Head(ctx context.Context) (RecordHead, error) {
	return HeadOf(ctx, d.opts.Record, d.opts.Key)
}

// signer is a record that signs its head.
type signer interface {
	Checkpoint(ctx context.Context) (journal.Head, error)
}

// HeadOf signs a record as it stands now and names it. key is the public half of its signer's.
func HeadOf(ctx context.Context, record signer, key ed25519.PublicKey) (RecordHead, error) {
	head, err := record.Checkpoint(ctx)
	if err != nil {
		return RecordHead{}, fmt.Errorf("sign the record: %w", err)
	}
	c, err := journal.OpenCheckpoint(head.Note)
	if err != nil {
		return RecordHead{}, fmt.Errorf("read the head of the record: %w", err)
	}
	root := c.Root
	return RecordHead{
		Site: c.Site, Epoch: c.Epoch, Size: c.Size, Root: base64.StdEncoding.EncodeToString(root[:]),
		Key: base64.StdEncoding.EncodeToString(key),
	}, nil
}
