// Package store is the cloud's tables: one text of SQL for two engines, its migrations, and the
// outbox.
//
// Queries are written by hand in query/<noun>.sql in the portable subset and become Go by sqlc
// (package db). Migrations run forward only; a database with a newer schema is refused. SQLite has
// one connection that writes and several that read, so that a reader never waits for the writer.
//
// The outbox holds jobs that must happen after a commit: they are enqueued in the transaction of
// their cause and run by a [Worker], at least once.
//
// The package knows nothing of the meaning of what it keeps.
package store
