package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cubby/internal/auth"
	"cubby/internal/controller"
	"cubby/internal/controller/recovery"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/sitestore"
	"cubby/internal/wire"
)

// Errors of an enrolment.
var (
	// ErrHasRecord says that a computer holds a record of its own, which nothing may replace.
	ErrHasRecord = errors.New("this computer holds the record of a site, and nothing was changed: start `cubby controller`, which " +
		"mends what it can; to bring the site back from the server's copy all the same, move the data folder away first and keep it")
	// ErrNothingToRecover says that the server has no record of a site.
	ErrNothingToRecover = errors.New("the server has no record of this site: nothing is to be brought back, and the controller is " +
		"enrolled; start it with `cubby controller`")
)

// Membership is what an enrolment led to.
type Membership struct {
	Site locker.SiteID
	// Recovered is how far the record goes that the site had before; zero: it is a new site, or this
	// computer has its record.
	Recovered wire.Position
	Epoch     uint64 // that began after it
	Stays     int    // parcels that lie in its places by that record
}

// Enrol makes the controller of a data folder the controller of the site that a token is for. When the
// site had another computer, its state comes back from the server's copy of the record: this one goes on
// where the copy ends, in a new epoch, and counts every compartment as unverified until somebody has
// looked. An enrolment that was interrupted is repeated with the same token.
func Enrol(ctx context.Context, opts SiteOptions, token auth.EnrolmentToken) (Membership, error) {
	if err := claimFolder(opts.Config.DataDir, opts.Demo); err != nil {
		return Membership{}, err
	}
	id, _, err := auth.LoadOrCreateIdentity(filepath.Join(opts.Config.DataDir, IdentityFile), opts.Random)
	if err != nil {
		return Membership{}, fmt.Errorf("load the controller's key: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "controller"
	}
	enrolled, err := link.Enrol(ctx, link.EnrolOptions{Token: token, Identity: id, Software: opts.Version, Name: host})
	if err != nil {
		return Membership{}, fmt.Errorf("enrol: %w", err)
	}
	member := membership{Site: enrolled.Site, ServerURL: enrolled.ServerURL, ServerKey: enrolled.ServerKey}
	data, err := json.Marshal(member)
	if err != nil {
		return Membership{}, fmt.Errorf("write the enrolment: %w", err)
	}
	store, _, err := sitestore.Open(ctx, filepath.Join(opts.Config.DataDir, ReplicaFile))
	if err != nil {
		return Membership{}, fmt.Errorf("open the replica: %w", err)
	}
	joined, err := bringBack(ctx, opts, id, member, store)
	if err == nil { // last: a controller that belongs to a site has what there was of it
		err = store.SetLink(ctx, data)
	}
	return joined, errors.Join(err, store.Close())
}

// Recover is Enrol for a computer that takes the place of another: it returns ErrHasRecord, before
// anything was changed, when this one has a record already, and ErrNothingToRecover when the server has none.
func Recover(ctx context.Context, opts SiteOptions, token auth.EnrolmentToken) (Membership, error) {
	has, err := hasRecord(ctx, opts.Config.DataDir)
	if err != nil {
		return Membership{}, err
	}
	if has {
		return Membership{}, ErrHasRecord
	}
	joined, err := Enrol(ctx, opts, token)
	if err == nil && joined.Recovered == (wire.Position{}) {
		err = ErrNothingToRecover
	}
	return joined, err
}

// hasRecord reports whether a data folder holds a journal in which something happened.
func hasRecord(ctx context.Context, dir string) (bool, error) {
	path := filepath.Join(dir, JournalFile)
	if sealed, err := filepath.Glob(path + ".sealed-*"); err != nil || len(sealed) > 0 {
		return len(sealed) > 0, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	report, err := journal.VerifyFile(ctx, path, journal.VerifyOptions{})
	if err != nil {
		return false, fmt.Errorf("look into the journal: %w", err)
	}
	return report.Records() > 0 || report.Fault() != nil, nil
}

// bringBack makes the state of a site that had another computer before. It leaves alone a computer that
// has a record of its own.
func bringBack(
	ctx context.Context, opts SiteOptions, id auth.Identity, m membership, store *sitestore.Store,
) (Membership, error) {
	joined := Membership{Site: m.Site}
	if has, err := hasRecord(ctx, opts.Config.DataDir); err != nil || has {
		return joined, err
	}
	memory := controller.NewSiteStore(store)
	server, err := journal.NewVerifier(ServerKeyName, m.ServerKey)
	if err != nil {
		return joined, fmt.Errorf("read the server's key: %w", err)
	}
	var past *recovery.Recovery
	begun := func() (err error) { // once the directory is there
		if past == nil {
			past, err = recovery.New(ctx, recovery.Options{
				Site: m.Site, Version: opts.Version, NewID: opts.NewID, Limits: credential.DefaultLimits(), Store: memory, Server: server,
			})
		}
		return err
	}
	address := m.ServerURL
	if opts.Config.ServerURL != "" {
		address = opts.Config.ServerURL
	}
	joined.Recovered, err = link.Recall(ctx, link.RecallOptions{
		ServerURL: address, Identity: id, ServerKey: m.ServerKey, SiteID: m.Site, Instance: opts.NewID(), Now: opts.Now,
		Directory: func(ctx context.Context, batch wire.DirectoryBatch) error {
			_, err := memory.ApplyDirectory(ctx, batch)
			return err
		},
		Head: func(note string) error {
			if err := begun(); err != nil {
				return err
			}
			return past.Head(note)
		},
		Operation: func(u wire.Upload) error {
			if err := begun(); err != nil {
				return err
			}
			return past.Take(u)
		},
	})
	if err != nil {
		return joined, fmt.Errorf("bring back the record of site %s: %w", m.Site, err)
	}
	if past == nil {
		return joined, nil
	}
	joined.Stays = past.Stays()
	joined.Epoch, err = continueRecord(ctx, opts, id, past, joined.Recovered)
	return joined, err
}

// continueRecord keeps what was brought back and begins the epoch that continues it.
func continueRecord(ctx context.Context, opts SiteOptions, id auth.Identity, r *recovery.Recovery, upTo wire.Position) (uint64, error) {
	previous, err := r.Keep(ctx, upTo)
	if err != nil {
		return 0, err
	}
	log, report, err := journal.Open(ctx, journal.Options{
		Path: filepath.Join(opts.Config.DataDir, JournalFile), Site: string(r.Site()), Signer: id.Private(), Previous: previous,
		Above: upTo.Epoch, ReserveBytes: int64(opts.Config.DiskReserveMiB) << 20, Now: opts.Now,
	})
	if err != nil {
		return 0, fmt.Errorf("begin the journal: %w", err)
	}
	return report.Epoch, log.Close()
}
