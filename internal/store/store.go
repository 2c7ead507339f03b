package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cubby/internal/store/db"
)

// Options configure [Open].
type Options struct {
	// Path is the SQLite file; it and its folder are created.
	Path string
	// URL names the database in place of Path: "sqlite:PATH", or "postgres://HOST/NAME" with the
	// parameters of libpq. A server that was made a standby is left alone unless the URL says otherwise.
	URL string
	// Password of PostgreSQL; empty: as the URL and the files of libpq have it.
	Password string
	// Logger is needed.
	Logger *slog.Logger
	// Now is needed.
	Now func() time.Time
	// Rand makes the ids of jobs; nil: crypto/rand.
	Rand io.Reader
	// Migrate says what to do about an older schema. The zero value brings it up to date.
	Migrate Migrate
}

// Migrate says what [Open] does about a schema that is older than the program.
type Migrate uint8

const (
	// MigrateUp brings it up to date.
	MigrateUp Migrate = iota
	// MigrateNever refuses it with ErrOlderSchema.
	MigrateNever
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	log    *slog.Logger
	now    func() time.Time
	engine Engine
	path   string // of SQLite
	writer *sql.DB
	reader *sql.DB
	write  *db.Queries // on the writer
	read   *db.Queries // on the readers
	ids    *IDs

	refused  atomic.Bool // a transaction was not taken, for want of room or of an answer, and none was seen to be since
	enqueued atomic.Bool // a job was added in a transaction that is not over

	mu   sync.Mutex
	news chan struct{} // closed when jobs were added
}

// Open opens or creates a database and migrates it. It returns [ErrNewerSchema] for one that a
// newer program wrote. Before a migration of an existing SQLite file a copy is put beside it.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("open store: logger and clock are needed")
	}
	s, err := connect(opts)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx, opts.Migrate); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connect builds a store whose schema nobody has looked at yet.
func connect(opts Options) (*Store, error) {
	place, err := locate(opts)
	if err != nil {
		return nil, err
	}
	s := &Store{
		log: opts.Logger, now: opts.Now, ids: NewIDs(opts.Now, opts.Rand), news: make(chan struct{}), engine: place.engine,
	}
	if place.engine == PostgreSQL {
		return s, s.openPostgres(place.text, opts.Password)
	}
	s.path = place.text
	return s, s.openFile()
}

// ready brings the schema up to date and compiles the queries.
func (s *Store) ready(ctx context.Context, how Migrate) error {
	if s.engine == PostgreSQL {
		if err := s.checkPostgres(ctx); err != nil {
			return err
		}
	}
	if err := s.migrate(ctx, how); err != nil {
		return err
	}
	if s.engine == PostgreSQL { // each connection prepares what it runs
		s.write, s.read = db.New(s.writer), db.New(s.reader)
		return nil
	}
	return s.prepare(ctx)
}

// prepare compiles every query once, which also finds one that the engine does not understand.
func (s *Store) prepare(ctx context.Context) (err error) {
	if s.write, err = db.Prepare(ctx, s.writer); err != nil {
		return fmt.Errorf("prepare to write: %w", err)
	}
	if s.read, err = db.Prepare(ctx, s.reader); err != nil {
		return fmt.Errorf("prepare to read: %w", err)
	}
	return nil
}

// Engine returns what keeps the tables.
func (s *Store) Engine() Engine { return s.engine }

// Close closes the database.
func (s *Store) Close() error {
	var errs []error
	for _, q := range []*db.Queries{s.read, s.write} {
		if q != nil {
			errs = append(errs, q.Close())
		}
	}
	for _, conn := range []*sql.DB{s.reader, s.writer} {
		if conn != nil {
			errs = append(errs, conn.Close())
		}
	}
	return errors.Join(errs...)
}

// Ping asks the database whether it takes writes. The error says what a person can do.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ask the database: %w", Classify(err))
	}
	return nil
}

// Read returns queries over committed data. They never wait for the writer.
func (s *Store) Read() *db.Queries { return s.read }

// ReadTx runs do over one unchanging state of the data.
func (s *Store) ReadTx(ctx context.Context, do func(*db.Queries) error) error {
	var opts *sql.TxOptions
	if s.engine == PostgreSQL {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.reader.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin reading: %w", Classify(err))
	}
	defer tx.Rollback()
	return do(s.read.WithTx(tx))
}
