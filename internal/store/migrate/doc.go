// Package migrate holds the migrations of the cloud's tables. They run forward only, each in one
// transaction, the same text on every engine.
package migrate

import "embed"

// Files are the migrations, named NNNN_verb_noun.sql.
//
//go:embed *.sql
var Files embed.FS
