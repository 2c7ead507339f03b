// Package db is what sqlc makes of internal/store/migrate and internal/store/query: one method
// for each query. Nothing in it is written by hand but this comment. Only internal/store uses
// it; it knows tables, not rules.
package db
