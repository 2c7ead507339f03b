package demo

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"cubby/internal/app"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/notify/mailcatch"
	"cubby/internal/wire"
)

// Task is a run without people watching.
type Task struct {
	Parcels int
	Seed    uint64
	CutLink bool // after the notices, before the first collection, until the counting
	// Progress is called after each step with what is done of 3 × Parcels; it may be nil.
	Progress func(done int, what string)
}

// MaxParcels is the largest task: every unit of the sample property gets at most one parcel.
const MaxParcels = 120

// Result is what a run found. It is printed as one JSON object.
type Result struct {
	Stored             int     `json:"stored"`
	Collected          int     `json:"collected"`
	Notified           int     `json:"notified"`
	DoorsOpened        int     `json:"doors_opened"`         // as the virtual boards saw it
	OpenedWithoutGrant int     `json:"opened_without_grant"` // pulses that no recorded request explains
	OpenIncidents      int     `json:"open_incidents"`
	FactsSite          int     `json:"facts_site"`
	FactsServer        int     `json:"facts_server"`
	JournalVerified    bool    `json:"journal_verified"`
	Journal            string  `json:"journal"`
	Seconds            float64 `json:"seconds"`
}

// Held reports whether everything held for a task.
func (r Result) Held(t Task) bool {
	return r.Stored == t.Parcels && r.Collected == t.Parcels && r.Notified == t.Parcels &&
		r.DoorsOpened == 2*t.Parcels && r.OpenedWithoutGrant == 0 && r.OpenIncidents == 0 &&
		r.FactsSite == r.FactsServer && r.FactsSite > 0 && r.JournalVerified
}

const (
	mailWithin     = 60 * time.Second // promise I4
	convergeWithin = 60 * time.Second // promise I12
)

// parcel is one of a task's parcels.
type parcel struct {
	unit  string
	size  locker.Size
	track string
	door  locker.PlaceID
	code  string
}

// run is a task under way.
type run struct {
	house *House
	task  Task
	rng   *rand.Rand
	done  int
	wave  []*parcel
	res   Result
	read  map[int]bool // mails whose code was used
}

// Run carries out a task in the bank of a fresh house: parcels come and go in waves of as many as
// the bank holds. Errors say what people met; Result says what the records and the boards say.
func (h *House) Run(ctx context.Context, t Task) (Result, error) {
	if t.Parcels < 1 || t.Parcels > MaxParcels {
		return Result{}, fmt.Errorf("a task has 1 to %d parcels", MaxParcels)
	}
	if doors := h.Bank.doors(); t.CutLink && t.Parcels > doors {
		return Result{}, fmt.Errorf("with the link cut all parcels wait at once: at most %d", doors)
	}
	began := h.opts.Now()
	r := &run{house: h, task: t, rng: rand.New(rand.NewPCG(t.Seed, t.Seed)), read: map[int]bool{}} // people, not secrets
	units, err := r.drawUnits()
	if err != nil {
		return r.res, err
	}
	for len(units) > 0 {
		n := min(len(units), h.Bank.doors())
		if err := r.doWave(ctx, units[:n]); err != nil {
			return r.res, err
		}
		units = units[n:]
	}
	if err := r.count(ctx); err != nil {
		return r.res, err
	}
	r.res.Seconds = h.opts.Now().Sub(began).Seconds()
	return r.res, nil
}

// drawUnits draws as many different units as there are parcels.
func (r *run) drawUnits() ([]string, error) {
	rows, err := csv.NewReader(strings.NewReader(string(residents))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the sample file: %w", err)
	}
	var units []string
	for _, row := range rows[1:] {
		if len(units) == 0 || units[len(units)-1] != row[0] {
			units = append(units, row[0])
		}
	}
	r.rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	return units[:r.task.Parcels], nil
}

func (r *run) doWave(ctx context.Context, units []string) error {
	if err := r.store(ctx, units); err != nil {
		return err
	}
	if err := r.awaitMails(ctx); err != nil {
		return err
	}
	if r.task.CutLink {
		r.house.Bank.Link.Cut(true)
	}
	err := r.collect(ctx)
	if r.task.CutLink {
		r.house.Bank.Link.Cut(false)
	}
	return err
}

// store has the courier bring a parcel for each unit. The bank has doors of four sizes; a parcel
// that finds none of its own is one size smaller than what is left.
func (r *run) store(ctx context.Context, units []string) error {
	code, err := r.house.courierCode(ctx, BankSite)
	if err != nil {
		return err
	}
	c, err := r.house.Bank.arrive(ctx, code)
	if err != nil {
		return err
	}
	r.wave = nil
	for _, unit := range units {
		p := &parcel{unit: unit, size: locker.SizeS, track: fmt.Sprintf("1Z%016d", r.rng.Uint64N(1e16))}
		if r.rng.IntN(3) == 0 && len(units) <= r.house.Bank.doors()/2 {
			p.size = locker.SizeM
		}
		if p.door, err = c.deliver(ctx, p.track, p.unit, p.size); err != nil {
			return fmt.Errorf("parcel for unit %s: %w", p.unit, err)
		}
		r.wave = append(r.wave, p)
		r.step("stored")
	}
	return c.leave(ctx)
}

// awaitMails waits for one mail with a code for each parcel. Whose it is is found at the door: each
// code is used once.
func (r *run) awaitMails(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	for _, p := range r.wave {
		mail, err := r.house.Mail.Wait(ctx, func(m mailcatch.Mail) bool {
			_, ok := codeIn(m.Text)
			return ok && !r.read[m.ID]
		})
		if err != nil {
			return fmt.Errorf("wait for the mails: %w", err)
		}
		r.read[mail.ID] = true
		p.code, _ = codeIn(mail.Text)
		r.step("notified")
	}
	return nil
}

func (r *run) collect(ctx context.Context) error {
	order := r.rng.Perm(len(r.wave))
	for _, i := range order {
		if err := r.house.Bank.collect(ctx, r.wave[i].code); err != nil {
			return fmt.Errorf("collect: %w", err)
		}
		r.step("collected")
	}
	return nil
}

func (r *run) step(what string) {
	r.done++
	if r.task.Progress != nil {
		r.task.Progress(r.done, what)
	}
}

// count waits until the server has heard everything, then compares what the site recorded, what the
// server has, what the boards saw and what the mails say.
func (r *run) count(ctx context.Context) error {
	bank := r.house.Bank
	facts, err := siteFacts(ctx, bank.Journal)
	if err != nil {
		return err
	}
	r.res.FactsSite = len(facts)
	if err := r.converge(ctx); err != nil {
		return err
	}
	for _, f := range facts {
		switch f.fact.(type) {
		case locker.ParcelStored:
			r.res.Stored++
		case locker.ParcelCollected:
			r.res.Collected++
		}
	}
	r.res.Notified = r.notified()
	r.res.DoorsOpened = len(bank.World.Pulses()) + openedByForce(bank.World)
	r.res.OpenedWithoutGrant = openedByForce(bank.World) + unexplained(bank, facts)
	incidents, err := r.house.Server.Cloud.OpenIncidents(ctx, r.house.owner)
	if err != nil {
		return err
	}
	r.res.OpenIncidents = incidents
	r.res.Journal = filepath.Join(r.house.opts.Dir, string(BankSite), app.JournalFile)
	report, err := journal.VerifyFile(ctx, r.res.Journal, journal.VerifyOptions{})
	if err != nil {
		return fmt.Errorf("verify the journal: %w", err)
	}
	r.res.JournalVerified = report.Fault() == nil
	return nil
}

// converge waits until the server has the site's last operation, then counts the server's facts.
func (r *run) converge(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, convergeWithin)
	defer cancel()
	for {
		facts, err := r.house.serverFacts(ctx, BankSite)
		if err != nil {
			return err
		}
		mine, err := siteFacts(ctx, r.house.Bank.Journal)
		if err != nil {
			return err
		}
		r.res.FactsSite, r.res.FactsServer = len(mine), facts
		if facts >= len(mine) {
			return nil
		}
		if err := pause(ctx, lookAgain); err != nil {
			return errors.Join(fmt.Errorf("the server has %d of %d facts", facts, len(mine)), err)
		}
	}
}

// notified counts the different mails that carry a code.
func (r *run) notified() int {
	codes := map[string]bool{}
	for _, m := range r.house.Mail.List() {
		if code, ok := codeIn(m.Text); ok {
			codes[code] = true
		}
	}
	return len(codes)
}

// recorded is a fact with the moment of its operation.
type recorded struct {
	at   time.Time
	fact locker.Fact
}

func siteFacts(ctx context.Context, log *journal.Log) ([]recorded, error) {
	const page = 512
	var facts []recorded
	epochs, err := log.Epochs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	for _, epoch := range epochs {
		for from := uint64(1); ; {
			records, err := log.Read(ctx, epoch.Number, from, page)
			if err != nil {
				return nil, fmt.Errorf("read the journal: %w", err)
			}
			if len(records) == 0 {
				break
			}
			for _, record := range records {
				op, err := wire.DecodeOperation(record.Body)
				if err != nil {
					return nil, fmt.Errorf("read operation %d: %w", record.Number, err)
				}
				for _, f := range op.Facts {
					facts = append(facts, recorded{at: time.UnixMilli(op.WallMS), fact: f})
				}
			}
			from += uint64(len(records))
		}
	}
	return facts, nil
}

// unexplained counts the pulses that the boards saw without a request in the journal that names
// their door, was recorded before, and explains no other pulse.
func unexplained(p *Place, facts []recorded) int {
	asked := map[locker.Output][]time.Time{}
	places := map[locker.PlaceID]locker.Output{}
	for _, place := range p.layout().Places() {
		places[place.ID] = place.Compartment.Output
	}
	for _, f := range facts {
		if r, ok := f.fact.(locker.OpenRequested); ok && r.Grant != "" {
			o := places[r.Place]
			asked[o] = append(asked[o], f.at)
		}
	}
	missing := 0
	for _, pulse := range p.World.Pulses() {
		o := locker.Output{Bus: BankBus, Board: uint8(pulse.Addr), Channel: uint8(pulse.Channel)}
		times := asked[o]
		// The record is in whole milliseconds.
		if len(times) == 0 || times[0].After(pulse.At.Add(time.Millisecond)) {
			missing++
			continue
		}
		asked[o] = times[1:]
	}
	return missing
}

func (h *House) courierCode(ctx context.Context, site locker.SiteID) (string, error) {
	couriers, err := h.Server.Cloud.Couriers(ctx, h.owner, site)
	if err != nil {
		return "", err
	}
	if len(couriers) == 0 {
		return "", fmt.Errorf("site %s has no courier", site)
	}
	code, err := h.Server.Cloud.CourierCode(ctx, h.owner, couriers[0].ID)
	return code.Symbols, err
}

func (h *House) serverFacts(ctx context.Context, site locker.SiteID) (int, error) {
	health, err := h.Server.Cloud.SiteHealth(ctx, h.owner, site)
	return int(health.Facts), err // a count
}
