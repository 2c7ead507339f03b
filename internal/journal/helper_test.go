package journal_test

import (
	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

// fileOptions returns Options without a reserve, which only its own tests need.
func fileOptions(path string) journal.Options {
	o := journaltest.Options()
	return journal.Options{Path: path, Site: o.Site, Signer: o.Signer, Now: o.Now, ReserveBytes: -1}
}
