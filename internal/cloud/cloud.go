package cloud

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"cubby/internal/auth"
	"cubby/internal/store"
)

var errLater = errors.New("cloud: not built yet")

// Options configure [New]. Store, Logger and Now are needed.
type Options struct {
	Store  *store.Store
	Logger *slog.Logger
	Now    func() time.Time
	// NewID makes ids; nil: UUIDv7.
	NewID func() string
	// Rand makes keys and tokens; nil: crypto/rand.
	Rand io.Reader
	// PublicURL is where people reach the server, e.g. "https://parcels.example.org".
	PublicURL string
	// Identity is the server's key: it is in enrolment tokens and countersigns tree heads.
	Identity auth.Identity
	// ServerName names the server in countersignatures; empty: "cubby".
	ServerName string
}

// Cloud is the server half. See the package comment.
type Cloud struct {
	store *store.Store
	log   *slog.Logger
	now   func() time.Time
}

// New returns a Cloud over a store.
func New(opts Options) (*Cloud, error) {
	return &Cloud{store: opts.Store, log: opts.Logger, now: opts.Now}, nil
}

// Start begins the background work: ingest writers, the outbox, sweeping.
func (c *Cloud) Start(ctx context.Context) error { return errLater }

// Stop ends the background work and waits for it.
func (c *Cloud) Stop() {}
