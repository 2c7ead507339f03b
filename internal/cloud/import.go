package cloud

import (
	"context"
	"time"

	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
)

// Limits of an import.
const (
	// MaxImportBytes is the largest file of residents that is taken.
	MaxImportBytes = 5 << 20
	// MaxImportRows is how many residents a file may have.
	MaxImportRows = 50_000
	// MaxImportProblems is how many problems and changes a plan lists; it counts all of them.
	MaxImportProblems = 200
	// ImportLife is how long a plan can be applied.
	ImportLife = time.Hour
)

// ImportGuess is what a file of residents looks like before anything is decided.
type ImportGuess struct {
	Encoding  string // "UTF-8", "UTF-16" or "Windows-1252"
	Separator rune   // ',', ';' or tab
	Rows      int    // without the header
	Columns   []ImportColumn
}

// ImportColumn is one column of a file.
type ImportColumn struct {
	Header  string
	Samples []string       // the first values that are not empty, at most three
	Guess   importer.Field // what it seems to hold; FieldNone: not imported
}

// Mapping returns the guesses as a mapping.
func (g ImportGuess) Mapping() importer.Mapping {
	m := make(importer.Mapping, 0, len(g.Columns))
	for _, column := range g.Columns {
		m = append(m, column.Guess)
	}
	return m
}

// ImportInput is a file of residents to import.
type ImportInput struct {
	Site    locker.SiteID // residents of this site's property; needed
	Data    []byte        // at most MaxImportBytes: commas, semicolons or tabs; the first line names the columns
	Mapping importer.Mapping
	// Source names the system that the file comes from, e.g. "yardi"; empty: "csv". External ids are
	// unique within it, and only residents of it count as gone.
	Source string
	// SkipFaulty imports the rows without problems; otherwise one problem stops all of them.
	SkipFaulty bool
	// DeactivateGone makes those inactive whom the source brought before and whom the file lacks.
	// Nobody is ever removed.
	DeactivateGone bool
}

// ImportPlan is what an import would change. Nothing was written.
type ImportPlan struct {
	ID        string // for ApplyImport; empty: it cannot be applied as it is, or there is nothing to do
	Rows      int
	Add       int // recipients
	Change    int
	Unchanged int
	Gone      int // known of the source, not in the file; made inactive with DeactivateGone only
	Faulty    int // rows with problems
	UnitsAdd  int
	UnitsEdit int // units whose number changes
	Problems  []importer.Problem
	Changes   []importer.Change // what would change, in the order of the file
	ExpiresAt time.Time
}

// ImportResult says what an import changed.
type ImportResult struct {
	Added, Changed, Deactivated, UnitsAdded, UnitsChanged int
}

// GuessMapping reads a file of residents and says what its columns seem to hold. A file that cannot
// be read is IMPORT_INVALID.
func (c *Cloud) GuessMapping(ctx context.Context, p Principal, data []byte) (ImportGuess, error) {
	return ImportGuess{}, locker.Errorf(locker.CodeImportInvalid, "importing is not built yet")
}

// PlanImport says what importing a file would change, and writes nothing but the plan. Rows with
// problems are in the plan; a file that cannot be read is IMPORT_INVALID.
func (c *Cloud) PlanImport(ctx context.Context, p Principal, in ImportInput) (ImportPlan, error) {
	return ImportPlan{}, locker.Errorf(locker.CodeImportInvalid, "importing is not built yet")
}

// ApplyImport does what a plan says, all of it in one transaction. When the people of the property
// changed since the plan was made it changes nothing and returns CONFLICT; a plan that is too old or
// was applied is NOT_FOUND.
func (c *Cloud) ApplyImport(ctx context.Context, p Principal, id string) (ImportResult, error) {
	return ImportResult{}, locker.Errorf(locker.CodeImportInvalid, "importing is not built yet")
}
