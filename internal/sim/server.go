package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

const (
	directoryPage = 64
	recipients    = 40
	couriers      = 3
)

// server is the model of the other half, over the production's encoding, rules and codes: operations by
// position, a state folded by locker.Evolve, the directory, intents, and first notices. It keeps what it
// committed over every restart.
type server struct {
	w     *world
	down  bool
	sites map[locker.SiteID]*branch
	real  *realServer // nil: this seed plays over the model
}

// branch is what the server knows of one site.
type branch struct {
	site    *site
	at      wire.Position
	sums    map[wire.Position][32]byte
	state   *locker.State
	keys    *wire.Keys
	key     credential.Key
	staff   locker.StaffID
	epoch   uint64 // of the directory
	changes []wire.Change
	rev     uint64
	intents []wire.Intent
	noticed map[string]bool // of the provider, which takes each key once: parcel, channel and kind
	record  []committed
	lie     int64 // milliseconds by which the server's clock is said to be off
	count   int
}

func newServer(w *world) (*server, error) {
	s := &server{w: w, sites: map[locker.SiteID]*branch{}}
	if Real(w.opts.Seed) {
		if err := s.openReal(); err != nil {
			return nil, err
		}
	}
	w.every(FaultServer, 3*day, s.outage)
	w.every(FaultOlder, 4*day, s.older)
	return s, nil
}

// committed is an operation that the server holds.
type committed struct {
	at  int64 // true time
	pos wire.Position
	op  []byte
}

// older has the server come back without what it committed last: another process took over whose copy was
// behind. Sites send again what it has not got; the provider of messages has not forgotten any.
func (v *server) older() {
	v.down = true
	v.eachLine()
	for _, s := range v.w.sites {
		b := v.sites[s.id]
		since := v.w.now - v.w.expo(10*time.Minute).Milliseconds()
		keep := len(b.record)
		for keep > 0 && b.record[keep-1].at >= since {
			keep--
		}
		v.w.fail(b.goBack(keep))
	}
	v.w.after(v.w.between(5*time.Second, 2*time.Minute), func() {
		v.down = false
		v.eachLine()
		for _, s := range v.w.sites {
			s.link.wake(0)
		}
	})
}

// goBack forgets all but the first operations of a record, and folds those again.
func (b *branch) goBack(keep int) error {
	w := b.site.w
	w.counters["server went back"] += uint64(len(b.record) - keep)
	w.trace("%s  server comes back without its last %d records", b.site.id, len(b.record)-keep)
	for _, c := range b.record[keep:] {
		delete(b.sums, c.pos)
	}
	b.record = b.record[:keep]
	directory := b.state.Directory
	b.at, b.state = wire.Position{}, locker.NewState()
	b.state.Directory = directory
	for _, c := range b.record {
		op, err := wire.DecodeOperation(c.op)
		if err != nil {
			return fmt.Errorf("fold record %s again: %w", c.pos, err)
		}
		for _, f := range op.Facts {
			locker.Evolve(b.state, f, op.At())
		}
		b.at = c.pos
	}
	return nil
}

// attack has the server ask a site for every door it has, as fast as it can, with old and new ids, with a
// clock that lies, and with restarts in between, until a moment.
func (v *server) attack(b *branch, until int64) {
	w := v.w
	if w.healing || w.now > until {
		b.lie = 0
		b.site.link.changed()
		return
	}
	switch w.rand.IntN(6) {
	case 0:
		v.intend(b, wire.Intent{Kind: wire.IntentReboot, Staff: b.staff})
	case 1:
		b.lie = w.between(-10*time.Minute, 10*time.Minute).Milliseconds()
		b.site.link.changed() // its own session: else nobody believes a clock that jumps
	default:
		for range 1 + w.rand.IntN(12) {
			d := b.site.wall.doors[w.rand.IntN(len(b.site.wall.doors))]
			v.intend(b, wire.Intent{
				Kind: wire.IntentOpen, Place: d.place, Staff: b.staff, Note: "urgent", Expires: locker.Millis(w.now + day.Milliseconds()),
			})
		}
		if n := len(b.intents); n > 1 { // an id that was used, for another door
			again := b.intents[w.rand.IntN(n)]
			again.Place = b.site.wall.doors[w.rand.IntN(len(b.site.wall.doors))].place
			b.intents = append(b.intents, again)
		}
	}
	w.counters["attacks"]++
	w.after(w.between(time.Second, 8*time.Second), func() { v.attack(b, until) })
}

func (v *server) outage() {
	v.down = true
	v.eachLine()
	v.w.after(v.w.expo(20*time.Minute), func() {
		v.down = false
		v.eachLine()
	})
}

func (v *server) eachLine() {
	for _, s := range v.w.sites {
		s.link.changed()
	}
}

// addSite gives a site its directory.
func (v *server) addSite(s *site, layout locker.Layout) error {
	if v.real != nil {
		return v.addReal(s, layout)
	}
	secret := sha256.Sum256(fmt.Appendf(nil, "codes of %s of seed %d", s.id, v.w.opts.Seed))
	key, err := credential.NewKey(secret[:])
	if err != nil {
		return fmt.Errorf("key of codes: %w", err)
	}
	b := &branch{
		site: s, sums: map[wire.Position][32]byte{}, state: locker.NewState(), keys: wire.NewKeys(), key: key,
		noticed: map[string]bool{}, staff: "s1", epoch: 1,
	}
	v.sites[s.id] = b
	id := locker.KeyID(key.ID())
	v.publish(b)(wire.EncodeSite(locker.Site{ID: s.id, Name: string(s.id), Key: id, TimeZone: "UTC"}))
	v.publish(b)(wire.EncodeLayout(layout))
	policy := locker.DefaultPolicy()
	policy.Consolidate = v.w.chance(0.7)
	v.publish(b)(wire.EncodePolicy(policy))
	v.publish(b)(wire.EncodeCodeKey(wire.Key{ID: id, Secret: secret[:]}))
	for i := range recipients {
		unit := locker.Unit{ID: locker.UnitID(fmt.Sprintf("u%03d", 100+i/2)), Kind: locker.UnitApartment}
		unit.Name, unit.Number = strconv.Itoa(100+i/2), strconv.Itoa(100+i/2)
		r := &resident{
			id: locker.RecipientID(fmt.Sprintf("r%03d", i)), unit: unit.ID, unitName: unit.Name,
			name: fmt.Sprintf("%c%02d Person%02d", 'A'+i%26, i, i), low: v.w.chance(0.05),
		}
		v.publish(b)(wire.EncodeUnit(unit))
		v.publish(b)(wire.EncodeRecipient(locker.Recipient{
			ID: r.id, Kind: locker.RecipientResident, Unit: unit.ID, Name: r.name, LowDoor: r.low,
		}))
		s.people.residents = append(s.people.residents, r)
	}
	for range couriers {
		v.hire(b)
	}
	duties := []locker.Duty{locker.DutyOpen, locker.DutyClear, locker.DutyReissue, locker.DutyService}
	for _, id := range []locker.StaffID{"s1", "s2"} {
		v.publish(b)(wire.EncodeStaff(locker.Staff{ID: id, Name: string(id), Duties: duties, Key: b.keyID(), Generation: 1}))
		v.right(b, oracle.Right{Ref: "staff:" + string(id)})
	}
	return v.w.broken
}

func (b *branch) keyID() locker.KeyID { return locker.KeyID(b.key.ID()) }

// hire gives one more courier access.
func (v *server) hire(b *branch) {
	b.count++
	id := locker.CourierID(fmt.Sprintf("c%d", b.count))
	if v.real != nil {
		var err error
		id, err = v.hireReal(b, string(id))
		v.w.fail(err)
	} else {
		v.publish(b)(wire.EncodeCourier(locker.Courier{ID: id, Carrier: "ups", Name: string(id), Key: b.keyID(), Generation: 1}))
	}
	v.right(b, oracle.Right{Ref: "courier:" + string(id)})
	b.site.people.couriers = append(b.site.people.couriers, id)
}

// fire takes a courier's access back.
func (v *server) fire(b *branch, id locker.CourierID) {
	if v.real != nil {
		v.w.fail(v.fireReal(b, id))
	} else {
		v.publish(b)(wire.EncodeCourier(locker.Courier{
			ID: id, Carrier: "ups", Name: string(id), Key: b.keyID(), Generation: 1, Revoked: true,
		}))
	}
	v.right(b, oracle.Right{Ref: "courier:" + string(id), Revoked: true})
	v.w.trace("%s  server takes back the access of courier %s", b.site.id, id)
}

// withhold takes the right to collect a stay back. It reports whether it did: a stay that is over has none.
func (v *server) withhold(b *branch, id locker.StayID) bool {
	if v.real != nil {
		done, err := v.withholdReal(b, id)
		v.w.fail(err)
		if !done {
			return false
		}
	} else {
		v.publish(b)(wire.EncodeOrder(locker.Order{Stay: id, Revoked: true}))
	}
	v.right(b, oracle.Right{Ref: "stay:" + string(id), Revoked: true})
	v.w.trace("%s  server takes back the right to stay %s", b.site.id, id)
	return true
}

// pass gives somebody the right to collect one stay.
func (v *server) pass(b *branch, stay locker.StayID) locker.GrantID {
	b.count++
	g := locker.Grant{
		ID: locker.GrantID(fmt.Sprintf("g%d", b.count)), Stay: stay, Generation: 1, Key: b.keyID(),
		From: locker.Millis(v.w.now), Until: locker.Millis(v.w.now + day.Milliseconds()),
	}
	v.publish(b)(wire.EncodeGrant(g))
	v.right(b, oracle.Right{Ref: "grant:" + string(g.ID), From: int64(g.From), Until: int64(g.Until)})
	return g.ID
}

// recallPass takes a pass back.
func (v *server) recallPass(b *branch, id locker.GrantID, stay locker.StayID) {
	v.publish(b)(wire.EncodeGrant(locker.Grant{ID: id, Stay: stay, Generation: 1, Key: b.keyID(), Revoked: true}))
	v.right(b, oracle.Right{Ref: "grant:" + string(id), Revoked: true})
	v.w.trace("%s  server takes back the pass %s", b.site.id, id)
}

func (v *server) right(b *branch, r oracle.Right) {
	r.Head, r.Rev = v.w.head(b.site), b.rev
	v.w.tell(r)
}

// publish returns what numbers a change and tells the site.
func (v *server) publish(b *branch) func(wire.Change, error) {
	return func(c wire.Change, err error) {
		if err != nil {
			v.w.fail(err)
			return
		}
		b.rev++
		c.Rev = b.rev
		if err := wire.ApplyChange(b.state.Directory, b.keys, c); err != nil {
			v.w.fail(err)
		}
		b.changes = append(b.changes, c)
		b.site.link.news()
	}
}

// news wakes the link from the server's side.
func (l *line) news() {
	if l.site.m != nil && l.up() {
		l.wake(l.site.w.between(20*time.Millisecond, 300*time.Millisecond))
	}
}

// directory returns what follows on what a site has.
func (v *server) directory(id locker.SiteID, have wire.DirectoryAck) (wire.DirectoryBatch, error) {
	b := v.sites[id]
	switch {
	case b == nil:
		return wire.DirectoryBatch{}, fmt.Errorf("no site %s", id)
	case v.real != nil:
		limit := directoryPage
		if have.Rev == 0 {
			limit = wire.MaxChanges
		}
		return v.real.Directory(v.w.ctx, id, have, limit)
	}
	from := have.Rev
	if have.Epoch != 1 || have.Rev > b.rev {
		from = 0
	}
	batch := wire.DirectoryBatch{Epoch: 1, From: from, To: b.rev}
	changes := b.changes[from:]
	if from > 0 && len(changes) > directoryPage {
		changes = changes[:directoryPage]
		batch.To, batch.More = from+directoryPage, true
	}
	batch.Changes = changes
	return batch, nil
}

// receive takes what a site says and answers it.
func (v *server) receive(s *site, body []byte) {
	w := v.w
	if v.down {
		return
	}
	messages, err := wire.DecodeFrames(body)
	if err != nil {
		w.fail(err)
		return
	}
	b := v.sites[s.id]
	var answers []wire.Message
	for _, m := range messages {
		switch m := m.(type) {
		case wire.UploadBatch:
			v.ingest(b, m.Items)
		case wire.Status:
			if v.real != nil {
				w.fail(v.real.Status(w.ctx, s.id, m))
			}
		case wire.DirectoryAck:
			batch, err := v.directory(s.id, m)
			w.fail(err)
			if batch.From != batch.To {
				answers = append(answers, batch)
			}
		}
	}
	clock := locker.Millis(w.now + b.lie)
	answers = append(answers, wire.Ack{Position: b.at, ServerTime: clock})
	intents, err := v.intents(b)
	w.fail(err)
	if len(intents) > 0 {
		answers = append(answers, wire.Intents{ServerTime: clock, Items: intents})
	}
	answer, err := wire.EncodeFrames(answers...)
	if err != nil {
		w.fail(err)
		return
	}
	s.link.carry(answer, s.receive)
}

// intents returns what is asked of a site.
func (v *server) intents(b *branch) ([]wire.Intent, error) {
	if v.real != nil {
		return v.real.Intents(v.w.ctx, b.site.id)
	}
	return b.waiting(v.w.now), nil
}

// waiting returns the intents that are neither answered nor long over.
func (b *branch) waiting(now int64) []wire.Intent {
	var open []wire.Intent
	kept := b.intents[:0]
	for _, in := range b.intents {
		if _, answered := b.state.Matter.Answered[in.ID]; answered || int64(in.Expires) < now-day.Milliseconds() {
			continue
		}
		kept = append(kept, in)
		if len(open) < wire.MaxIntents {
			open = append(open, in)
		}
	}
	b.intents = kept
	return open
}

// ingest commits what follows on what is there; the rest is known, or too early.
func (v *server) ingest(b *branch, items []wire.Upload) {
	w := v.w
	if w.hits(FaultServer, 0.1) {
		return // the transaction failed: nothing of the batch is there, and nobody hears of it
	}
	if v.real != nil {
		v.ingestReal(b, items)
		return
	}
	for _, u := range items {
		sum := sha256.Sum256(u.Op)
		if old, known := b.sums[u.Position]; known {
			w.counters["repeated records"]++
			if old != sum {
				w.counters["forks"]++
			}
			continue
		}
		if !b.next(u.Position) {
			w.counters["early records"]++
			return
		}
		b.sums[u.Position] = sum
		b.record = append(b.record, committed{at: w.now, pos: u.Position, op: u.Op})
		v.commit(b, u)
	}
}

// next reports whether a position follows on what is there.
func (b *branch) next(p wire.Position) bool {
	return p.Epoch == b.at.Epoch && p.Number == b.at.Number+1 || p.Epoch > b.at.Epoch && p.Number == 1
}

// commit folds an operation that the server holds now.
func (v *server) commit(b *branch, u wire.Upload) {
	w := v.w
	op, err := wire.DecodeOperation(u.Op)
	if err != nil {
		w.fail(err)
		return
	}
	b.at = u.Position
	w.tell(oracle.Committed{Head: w.head(b.site), Epoch: u.Epoch, Number: u.Number, Sum: sha256.Sum256(u.Op)})
	for _, f := range op.Facts {
		locker.Evolve(b.state, f, op.At())
		if v.real == nil {
			v.follow(b, f)
		}
	}
}

// follow does what facts bring about.
func (v *server) follow(b *branch, f locker.Fact) {
	switch f := f.(type) {
	case locker.DepositSettled:
		if st := b.state.Matter.Stays[f.Stay]; st != nil && st.Recipient != "" {
			v.notify(b, st, "first")
		}
	case locker.CodeReissued:
		if st := b.state.Matter.Stays[f.Stay]; st != nil && st.Settled {
			b.site.people.informed(st, "again")
		}
	}
}

// notify puts a notice into the outbox, once, and has the provider take it.
func (v *server) notify(b *branch, st *locker.Stay, kind string) {
	key := string(st.Parcel) + "|mail|" + kind
	if b.noticed[key] {
		return
	}
	b.noticed[key] = true
	stay := *st
	v.w.after(v.w.between(time.Second, 20*time.Second), func() {
		v.w.counters["notices"]++
		v.w.tell(oracle.Notice{Head: v.w.head(b.site), Parcel: string(stay.Parcel), Channel: "mail", Kind: kind, Key: key})
		b.site.people.informed(&stay, kind)
	})
}

// intend asks a site for something.
func (v *server) intend(b *branch, in wire.Intent) {
	if v.real != nil {
		var err error
		if in, err = v.real.OpenDoor(v.w.ctx, b.site.id, in.Place); err != nil {
			v.w.fail(err)
			return
		}
		v.intended(b, in)
		return
	}
	b.count++
	in.ID = locker.IntentID(fmt.Sprintf("i%d", b.count))
	in.Created = locker.Millis(v.w.now)
	if in.Expires == 0 {
		in.Expires = in.Created.Add(30 * time.Second)
	}
	b.intents = append(b.intents, in)
	v.intended(b, in)
}

// intended tells everybody of an intent.
func (v *server) intended(b *branch, in wire.Intent) {
	v.right(b, oracle.Right{Ref: "intent:" + string(in.ID), Until: int64(in.Expires), Place: string(in.Place)})
	v.w.counters["intents"]++
	b.site.link.news()
}

// hash returns a state's matter in one word.
func hashOf(m *locker.Matter) (string, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode matter: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
