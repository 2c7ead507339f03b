package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

const (
	hostedPage  = 500              // changes of a directory that are read at once
	hostedLook  = 15 * time.Second // how often a hosted site looks for news when nobody woke it
	hostedRetry = time.Second      // how often sites to run are looked for, new and failed ones
)

// host runs the sites that have no hardware: for each the controller's own code, over the server's
// table of operations. It takes the place of the link: directory and intents come in process.
type host struct {
	hub     *cloud.Hub
	cloud   *cloud.Cloud
	opts    ServerOptions
	key     auth.Identity
	mu      sync.Mutex // guards sites
	sites   map[locker.SiteID]chan struct{}
	done    sync.WaitGroup
	sitesOf func(ctx context.Context) ([]locker.SiteID, error)
}

// run starts every hosted site, and those that are created later, until ctx ends.
func (h *host) run(ctx context.Context) {
	for {
		sites, err := h.sitesOf(ctx)
		if err != nil && ctx.Err() == nil {
			h.opts.Logger.WarnContext(ctx, "hosted sites could not be listed", slog.Any("error", err))
		}
		for _, site := range sites {
			h.start(ctx, site)
		}
		select {
		case <-ctx.Done():
			h.done.Wait()
			return
		case <-time.After(hostedRetry):
		}
	}
}

func (h *host) start(ctx context.Context, site locker.SiteID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, runs := h.sites[site]; runs {
		return
	}
	news := make(chan struct{}, 1)
	h.sites[site] = news
	h.done.Go(func() {
		err := h.serve(ctx, site, news)
		h.mu.Lock()
		delete(h.sites, site) // the next look starts it again
		h.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			h.opts.Logger.ErrorContext(ctx, "a hosted site stopped and is started again",
				slog.String("site", string(site)), slog.Any("error", err))
		}
	})
}

// wake tells a hosted site that there is something new for it. It does not block.
func (h *host) wake(site locker.SiteID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if news, ok := h.sites[site]; ok {
		select {
		case news <- struct{}{}:
		default: // it is awake already
		}
	}
}

// serve runs one hosted site until ctx ends or it fails, as it does when another server process
// wrote first.
func (h *host) serve(ctx context.Context, site locker.SiteID, news <-chan struct{}) error {
	log, err := journal.New(ctx, h.cloud.HostedStorage(site), journal.LogOptions{
		Site: string(site), Signer: h.key.Private(), Now: h.opts.Now,
	})
	if err != nil {
		return fmt.Errorf("open the record: %w", err)
	}
	if epochs, err := log.Epochs(ctx); err != nil {
		return fmt.Errorf("read the record: %w", err)
	} else if len(epochs) == 0 {
		if _, err := log.NewEpoch(ctx, "hosted", nil); err != nil {
			return fmt.Errorf("begin the record: %w", err)
		}
	}
	store := &hostedStore{}
	c, err := controller.New(controller.Options{
		Site: site, Version: h.opts.Version, Journal: log, Store: store, Limits: credential.DefaultLimits(),
		Logger: h.opts.Logger, Now: h.opts.Now, NewID: h.opts.NewID,
	})
	if err != nil {
		return fmt.Errorf("build the site: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			h.opts.Logger.DebugContext(ctx, "a hosted site ended", slog.Any("error", err))
		}
	}()
	select {
	case <-c.Ready():
	case err := <-ended:
		ended <- nil
		return fmt.Errorf("run the site: %w", err)
	}
	c.ServerClock(0, 0)
	return h.feed(ctx, site, c, feedOf{news: news, ended: ended, store: store})
}

type feedOf struct {
	news  <-chan struct{}
	ended chan error
	store *hostedStore
}

// feed brings directory and intents to a site, and its status back.
func (h *host) feed(ctx context.Context, site locker.SiteID, c *controller.Controller, f feedOf) error {
	for {
		if err := h.bring(ctx, site, c, f.store); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-f.ended:
			f.ended <- nil
			return fmt.Errorf("run the site: %w", err)
		case <-f.news:
		case <-time.After(hostedLook):
		}
	}
}

func (h *host) bring(ctx context.Context, site locker.SiteID, c *controller.Controller, store *hostedStore) error {
	have, _, err := store.Directory(ctx)
	if err != nil {
		return err
	}
	for more := true; more; {
		batch, err := h.hub.Directory(ctx, site, have, hostedPage)
		if err != nil {
			return fmt.Errorf("read the directory: %w", err)
		}
		if batch.From == batch.To && batch.Epoch == have.Epoch {
			break
		}
		rev, err := c.ApplyDirectory(ctx, batch)
		if err != nil {
			return fmt.Errorf("apply the directory: %w", err)
		}
		have, more = wire.DirectoryAck{Epoch: batch.Epoch, Rev: rev}, batch.More
	}
	intents, err := h.hub.Intents(ctx, site)
	if err != nil {
		return fmt.Errorf("read intents: %w", err)
	}
	if len(intents) > 0 {
		if err := c.HandleIntents(ctx, intents, nil); err != nil {
			return fmt.Errorf("hand over intents: %w", err)
		}
	}
	status, err := c.Status(ctx)
	if err != nil {
		return fmt.Errorf("ask for the status: %w", err)
	}
	return h.hub.Status(ctx, site, status)
}

// hostedStore is the controller's memory of a hosted site: the directory is the server's own and is
// read anew at each start, and nothing waits for an acknowledgement.
type hostedStore struct {
	mu      sync.Mutex
	have    wire.DirectoryAck
	objects map[[2]string]wire.Change
}

var _ controller.Store = (*hostedStore)(nil)

// errBatch says that a batch does not follow on the replica.
var errBatch = errors.New("the directory's changes do not follow on each other")

// Directory implements controller.Store.
func (s *hostedStore) Directory(context.Context) (wire.DirectoryAck, []wire.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes := make([]wire.Change, 0, len(s.objects))
	for _, c := range s.objects {
		changes = append(changes, c)
	}
	return s.have, changes, nil
}

// ApplyDirectory implements controller.Store.
func (s *hostedStore) ApplyDirectory(_ context.Context, b wire.DirectoryBatch) (wire.DirectoryAck, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case b.From == 0:
		s.objects = map[[2]string]wire.Change{}
	case b.Epoch != s.have.Epoch || b.From != s.have.Rev:
		return s.have, errBatch
	}
	for _, c := range b.Changes {
		key := [2]string{c.Kind, c.ID}
		if c.Deleted {
			delete(s.objects, key)
			continue
		}
		s.objects[key] = c
	}
	s.have = wire.DirectoryAck{Epoch: b.Epoch, Rev: b.To}
	return s.have, nil
}

// Snapshot implements controller.Store.
func (s *hostedStore) Snapshot(context.Context) ([]byte, error) { return nil, nil }

// PutSnapshot implements controller.Store.
func (s *hostedStore) PutSnapshot(context.Context, wire.Position, []byte) error { return nil }

// SetAcked implements controller.Store.
func (s *hostedStore) SetAcked(context.Context, wire.Position) error { return nil }
