package store

import "database/sql"

// ErrNone is what queries for one row return when there is none.
var ErrNone = sql.ErrNoRows
