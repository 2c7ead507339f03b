package store

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of opening a store.
var (
	// ErrNewerSchema means that a newer version of the program has migrated the database.
	ErrNewerSchema = errors.New("store: the database was written by a newer version")
	// ErrOlderSchema means that the database waits to be migrated.
	ErrOlderSchema = errors.New("store: the database was written by an older version")
	// ErrEngine means that the URL names an engine that this version does not have.
	ErrEngine = errors.New("store: unknown database engine")
)

// Engine is what keeps the tables. The zero value is invalid.
type Engine uint8

// The engines.
const (
	SQLite Engine = iota + 1
	PostgreSQL
)

// String returns the name as people write it.
func (e Engine) String() string {
	switch e {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	}
	return "invalid engine"
}

// place is where a database is: a path of SQLite or a URL of PostgreSQL.
type place struct {
	engine Engine
	text   string
}

func locate(opts Options) (place, error) {
	text := opts.URL
	if text == "" {
		text = opts.Path
	}
	scheme, rest, found := strings.Cut(text, ":")
	switch {
	case text == "":
		return place{}, errors.New("open store: a path or a URL is needed")
	case found && scheme == "sqlite":
		return place{SQLite, rest}, nil
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return place{PostgreSQL, text}, nil
	case strings.Contains(text, "://"):
		return place{}, fmt.Errorf("open store: %w: write sqlite:PATH or postgres://HOST/NAME", ErrEngine)
	}
	return place{SQLite, text}, nil
}
