// Package native holds the queries that only PostgreSQL understands: taking jobs past those that others
// take, and writing the rows of a whole batch at once. Everything else is in package db, for both engines.
package native
