package sim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cubby/internal/cloud/audit"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/sim/backend"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

// In some seeds the server is the production's: its intake, tables, directory, intents, outbox, notices and audit
// over SQLite. It costs many times what the model of server.go costs, so that it is a share of the seeds. What is here stands between
// it and the world; beside it the model's fold of what was committed goes on, to be compared with.

// realEvery is every how manyth seed plays over the real server, and realSeed which.
const (
	realEvery = 21
	realSeed  = 3
	// realDays bounds the days of such a seed: it costs as much as a hundred days and more over the model.
	realDays = 8
)

// Real reports whether a seed plays over the production's server.
func Real(seed uint64) bool { return seed%realEvery == realSeed }

// backgroundEvery is how often the server's loops come round. Production's sweep each ten seconds and look after messages
// each minute; an audit is due hourly.
const backgroundEvery = time.Hour

// realServer is the production's server and what the world keeps of it.
type realServer struct {
	*backend.Backend
	taken   map[string]bool // messages that the provider took, by their ids
	waiting bool            // somebody will run the jobs
	again   bool            // the provider refused one
}

// errProvider is a provider that is busy, or whose answer is lost.
var errProvider = errors.New("the provider says nothing")

// openReal starts the production's server. It has no older copies of itself and is in nobody's hands.
func (v *server) openReal() error {
	w := v.w
	delete(w.faults, FaultOlder)
	delete(w.faults, FaultHostile)
	r := &realServer{taken: map[string]bool{}}
	var err error
	r.Backend, err = backend.Open(w.ctx, backend.Options{
		Seed: w.opts.Seed, Now: func() time.Time { return time.UnixMilli(w.now) }, Mail: v.mail,
	})
	if err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	v.real = r
	v.background()
	return nil
}

// close ends the production's server, where there is one.
func (v *server) close() error {
	if v.real == nil {
		return nil
	}
	return v.real.Close()
}

// addReal gives a site its directory by the server's use cases.
func (v *server) addReal(s *site, layout locker.Layout) error {
	w, b := v.w, &branch{site: s, state: locker.NewState(), keys: wire.NewKeys()}
	v.sites[s.id] = b
	draft := backend.SiteDraft{ID: s.id, Layout: layout, Policy: locker.DefaultPolicy()}
	draft.Policy.Consolidate = w.chance(0.7)
	for i := range recipients {
		draft.Persons = append(draft.Persons, backend.Person{
			Name: fmt.Sprintf("%c%02d Person%02d", 'A'+i%26, i, i), Unit: strconv.Itoa(100 + i/2), LowDoor: w.chance(0.05),
		})
	}
	made, err := v.real.AddSite(w.ctx, draft)
	if err != nil {
		return err
	}
	if err := v.learn(b); err != nil {
		return err
	}
	key, err := credential.NewKey(b.keys.Code[b.state.Directory.Site.Key])
	if err != nil {
		return fmt.Errorf("key of codes: %w", err)
	}
	b.key, b.staff = key, made.Staff
	for i, who := range draft.Persons {
		s.people.residents = append(s.people.residents, &resident{
			id: made.Recipients[i], unit: made.Units[i], unitName: b.state.Directory.Units[made.Units[i]].Name, name: who.Name, low: who.LowDoor,
		})
	}
	v.right(b, oracle.Right{Ref: "staff:" + string(b.staff)})
	for range couriers {
		v.hire(b)
	}
	return w.broken
}

// learn follows the server's directory in the model's state and tells the site that there is news.
func (v *server) learn(b *branch) error {
	for {
		batch, err := v.real.Directory(v.w.ctx, b.site.id, wire.DirectoryAck{Epoch: b.epoch, Rev: b.rev}, directoryPage)
		if err != nil {
			return err
		}
		for _, c := range batch.Changes {
			if err := wire.ApplyChange(b.state.Directory, b.keys, c); err != nil {
				return err
			}
		}
		b.epoch, b.rev = batch.Epoch, batch.To
		if !batch.More {
			b.site.link.news()
			return nil
		}
	}
}

// hireReal gives one more courier access.
func (v *server) hireReal(b *branch, name string) (locker.CourierID, error) {
	id, err := v.real.Hire(v.w.ctx, b.site.id, name)
	if err != nil {
		return "", err
	}
	return id, v.learn(b)
}

// fireReal takes a courier's access back.
func (v *server) fireReal(b *branch, id locker.CourierID) error {
	if err := v.real.Fire(v.w.ctx, b.site.id, id); err != nil {
		return err
	}
	return v.learn(b)
}

// withholdReal reports false for a stay that is over, as the server knows it.
func (v *server) withholdReal(b *branch, id locker.StayID) (bool, error) {
	err := v.real.Withhold(v.w.ctx, b.site.id, id)
	switch codeOf(err) { //nolint:exhaustive // all else is a mistake of the simulation
	case "":
		return true, v.learn(b)
	case locker.CodeStayEnded, locker.CodeNotFound:
		return false, nil
	}
	return false, err
}

// ingestReal hands uploads to the production's intake and follows what it says that it committed.
func (v *server) ingestReal(b *branch, items []wire.Upload) {
	w := v.w
	at, err := v.real.Ingest(w.ctx, b.site.id, items)
	var refused *locker.Error
	switch {
	case errorsAs(err, &refused):
		w.counters["server refused "+string(refused.Code)]++
	case err != nil:
		w.fail(err)
		return
	}
	fresh := false
	for _, u := range items {
		if u.Position.Compare(b.at) <= 0 {
			w.counters["repeated records"]++
			continue
		}
		if !b.next(u.Position) || u.Position.Compare(at) > 0 {
			w.counters["early records"]++
			break
		}
		v.commit(b, u)
		fresh = true
	}
	w.tell(oracle.Acknowledged{
		Head: w.head(b.site), Epoch: at.Epoch, Number: at.Number, GivenEpoch: b.at.Epoch, GivenNumber: b.at.Number,
	})
	if fresh {
		v.jobsIn(w.between(200*time.Millisecond, 2*time.Second))
	}
}

// jobsIn has the server do soon what waits in its outbox.
func (v *server) jobsIn(d time.Duration) {
	if v.real.waiting {
		return
	}
	v.real.waiting = true
	v.w.after(d, func() {
		v.real.waiting, v.real.again = false, false
		if v.down {
			v.jobsIn(time.Minute)
			return
		}
		_, err := v.real.RunJobs(v.w.ctx)
		v.w.fail(err)
		if v.real.again {
			v.jobsIn(10 * time.Second)
		}
	})
}

// mail is the provider. It loses answers, and takes the same message once.
func (v *server) mail(m backend.Mail) error {
	w, b := v.w, v.sites[m.Site]
	lost := w.hits(FaultServer, 0.1)
	if lost && w.chance(0.5) {
		v.real.again = true
		return errProvider
	}
	if !v.real.taken[m.ID] {
		v.real.taken[m.ID] = true
		if st := b.state.Matter.Stays[m.Stay]; st != nil {
			v.mailed(b, *st, m)
		}
	}
	if lost {
		v.real.again = true
		return errProvider
	}
	return nil
}

// mailed is a message on its way to whoever it is for.
func (v *server) mailed(b *branch, stay locker.Stay, m backend.Mail) {
	w := v.w
	w.counters["real "+m.Kind]++
	w.after(w.between(time.Second, 20*time.Second), func() {
		switch m.Kind {
		case "first":
			w.counters["notices"]++
			w.tell(oracle.Notice{Head: w.head(b.site), Parcel: string(stay.Parcel), Channel: "mail", Kind: "first", Key: m.ID})
			b.site.people.informed(&stay, "first")
		case "code":
			b.site.people.informed(&stay, "again")
		}
	})
}

// background does what the server's loops do.
func (v *server) background() {
	v.w.after(backgroundEvery, func() {
		if !v.down {
			v.w.fail(v.real.Background(v.w.ctx))
			for _, s := range v.w.sites {
				report, fresh, err := v.real.Audited(v.w.ctx, s.id)
				v.w.fail(err)
				if fresh {
					v.audited(s, report)
				}
			}
			v.jobsIn(0)
		}
		v.background()
	})
}

// audited tells the oracle what an audit found.
func (v *server) audited(s *site, r audit.Report) {
	w, b := v.w, v.sites[s.id]
	w.counters["audits"]++
	if !slices.Contains(r.Skipped, "controller") {
		w.counters["audits with the controller"]++
	}
	e := oracle.Audited{
		Head: w.head(s), Plain: s.plain(), Current: s.m != nil && r.Position == s.m.Position() && r.Position == b.at && !s.broken,
		Entered: r.Entered, Stored: r.Stored, Held: r.Held, Collected: r.Collected, Returned: r.Returned,
	}
	for _, d := range r.Differences {
		w.counters["audit "+string(d.Kind)]++
		text := fmt.Sprintf("%s %s %s %s", d.Kind, d.Place, d.Stay, d.Detail)
		w.trace("%s  the audit finds %s", s.id, text)
		e.Differences = append(e.Differences, text)
		switch d.Kind {
		case audit.Controller:
			if s.broken { // it remembers what its record lost, or the other way round
				continue
			}
			e.Contradictions = append(e.Contradictions, text)
		case audit.Sum, audit.Tables:
			e.Contradictions = append(e.Contradictions, text)
		case audit.Unasked, audit.NoDoor, audit.Ghost, audit.Stray, audit.Misplaced, audit.MovedOut, audit.Replaced, audit.Doubt:
		}
	}
	w.tell(e)
}

// closeBooks has the server audit a site at the end of a run, counts its incidents, and puts all that it knows into the hash.
func (v *server) closeBooks(s *site) {
	if v.real == nil {
		return
	}
	w := v.w
	w.counters[realDaysCounter] += uint64(w.opts.Days)
	report, err := v.real.Audit(w.ctx, s.id)
	w.fail(err)
	v.audited(s, report)
	raised, err := v.real.Raised(w.ctx, s.id)
	w.fail(err)
	for kind, n := range raised {
		w.counters["incident "+kind] += uint64(n)
	}
	w.fail(v.real.WriteState(w.ctx, s.id, w.hash))
}
