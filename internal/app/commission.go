package app

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"cubby/board"
	"cubby/internal/app/lock"
	"cubby/internal/auth"
	"cubby/internal/commission"
	"cubby/internal/config"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/sitestore"
)

// Files of a controller's data folder that only testing the doors makes.
const (
	CommissionFile = "commissioning.db"   // the record of openings before enrolment
	WalkFile       = "commissioning.walk" // where a walk stands
	CodeFile       = "service-code.json"
	lockFile       = "controller.lock"
)

// ErrRunning says that another program owns the data folder and the buses.
var ErrRunning = errors.New("the controller runs on this computer and owns the buses: test the doors on its service page " +
	"(`cubby controller service-code` gives the code), or stop it first")

// ErrEnrolled says that this computer's record belongs to a site.
var ErrEnrolled = errors.New("this controller belongs to a site, and parcels may lie in its doors: start `cubby controller` and " +
	"test the doors on its service page, which knows them (`cubby controller service-code` gives the code)")

// OwnFolder makes the calling process the owner of a controller's data folder until release, or until
// it ends, however it does. It returns ErrRunning while another one is.
func OwnFolder(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("own the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(ErrRunning, f.Close())
	}
	return f.Close, nil // closing it gives the lock back
}

// Enrolled reports whether the controller of a data folder belongs to a site.
func Enrolled(ctx context.Context, opts SiteOptions) (enrolled bool, err error) {
	path := filepath.Join(opts.Config.DataDir, ReplicaFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	store, _, err := sitestore.Open(ctx, path)
	if err != nil {
		return false, fmt.Errorf("open the replica: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	_, err = (&Site{opts: opts, store: store}).membership(ctx)
	if errors.Is(err, ErrNotEnrolled) {
		return false, nil
	}
	return err == nil, err
}

// ServiceCodes returns the codes that let somebody into the service page of a data folder.
func ServiceCodes(opts SiteOptions) (*commission.Codes, error) {
	if err := os.MkdirAll(opts.Config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	id, _, err := auth.LoadOrCreateIdentity(filepath.Join(opts.Config.DataDir, IdentityFile), opts.Random)
	if err != nil {
		return nil, fmt.Errorf("load the controller's key: %w", err)
	}
	mac := hmac.New(sha256.New, id.Private().Seed())
	mac.Write([]byte("cubby service code key"))
	return &commission.Codes{Path: filepath.Join(opts.Config.DataDir, CodeFile), Key: mac.Sum(nil), Now: opts.Now}, nil
}

// Bench is a new bank whose doors are tested before anything else runs: its buses and its record.
type Bench struct {
	*commission.Direct

	buses []*lock.Bus
	log   *journal.Log
}

// OpenBench opens buses, by the settings' own when buses is nil, and begins a session on the record.
// The caller owns the data folder. It returns ErrEnrolled for a controller that belongs to a site.
func OpenBench(ctx context.Context, opts SiteOptions, buses []config.Bus) (*Bench, error) {
	switch enrolled, err := Enrolled(ctx, opts); {
	case err != nil:
		return nil, err
	case enrolled:
		return nil, ErrEnrolled
	}
	if buses == nil {
		buses = opts.Config.Buses
	}
	b := &Bench{}
	if err := b.open(ctx, opts, buses); err != nil {
		return nil, errors.Join(err, b.Release())
	}
	return b, nil
}

func (b *Bench) open(ctx context.Context, opts SiteOptions, buses []config.Bus) error {
	id, _, err := auth.LoadOrCreateIdentity(filepath.Join(opts.Config.DataDir, IdentityFile), opts.Random)
	if err != nil {
		return fmt.Errorf("load the controller's key: %w", err)
	}
	direct := commission.DirectOptions{
		Site: benchSite(id), Key: id.Public(), Version: opts.Version, Installer: opts.NewID(), Now: opts.Now, NewID: opts.NewID,
	}
	for _, s := range buses {
		bus, err := lock.Open(ctx, s, opts.Now)
		if err != nil {
			return fmt.Errorf("bus %s: %w", s.Name, err)
		}
		b.buses = append(b.buses, bus)
		direct.Buses = append(direct.Buses, directBus(bus))
	}
	b.log, _, err = journal.Open(ctx, journal.Options{
		Path: filepath.Join(opts.Config.DataDir, CommissionFile), Site: string(direct.Site), Signer: id.Private(),
		ReserveBytes: -1, Now: opts.Now, // a walk may wait for disk space
	})
	if err != nil {
		return fmt.Errorf("open the record: %w", err)
	}
	direct.Record = b.log
	b.Direct, err = commission.NewDirect(ctx, direct)
	return err
}

// benchSite names the record of a controller that belongs to no site: by its key.
func benchSite(id auth.Identity) locker.SiteID {
	const digits = 12 // of the fingerprint: enough to tell controllers apart
	return locker.SiteID("new-" + auth.FingerprintOf(id.Public()).String()[2:2+digits])
}

func directBus(b *lock.Bus) commission.DirectBus {
	d := commission.DirectBus{Name: b.Name, Driver: b.Driver}
	for _, a := range b.Settings.Boards {
		d.Addresses = append(d.Addresses, board.Address(a))
	}
	takes := func(o config.BusOption) bool { return o.Key == "polarity" && o.Takes(b.Settings.Family) }
	if slices.ContainsFunc(config.BusOptionList(), takes) {
		d.Polarity, d.Other = cmp.Or(b.Settings.Options.Polarity, "closing"), "opening"
		if d.Polarity == "opening" {
			d.Other = "closing"
		}
	}
	return d
}

// Release closes buses and record. The session on record should have ended before, by Close.
func (b *Bench) Release() error {
	var errs []error
	for _, bus := range b.buses {
		errs = append(errs, bus.Close())
	}
	if b.log != nil {
		errs = append(errs, b.log.Close())
	}
	return errors.Join(errs...)
}

// KeepWalk returns how a walk is kept in a data folder, and LoadWalk what was kept; nil when nothing was.
func KeepWalk(dir string) func(data []byte) error {
	return func(data []byte) error { return commission.WriteFile(filepath.Join(dir, WalkFile), data) }
}

// LoadWalk returns the walk that KeepWalk kept; nil when there is none.
func LoadWalk(dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, WalkFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
