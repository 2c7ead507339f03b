package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
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

	// maxImports is how many plans of a property are kept: the newest.
	maxImports    = 5
	maxSamples    = 3
	defaultSource = "csv"
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
	Site locker.SiteID // residents of this site's property; needed
	Data []byte        // at most MaxImportBytes: commas, semicolons or tabs; the first line names the columns
	// Mapping says what the columns hold; none: what GuessMapping says.
	Mapping importer.Mapping
	// Source names the system that the file comes from, e.g. "yardi"; empty: "csv". External ids are
	// unique within it, and only residents of it count as gone.
	Source string
	// SkipFaulty imports the rows without problems; otherwise one problem stops all of them.
	SkipFaulty bool
	// DeactivateGone makes those inactive whom the source brought before and whom the file lacks.
	// Nobody is ever removed. With faulty rows it does nothing: whoever is in one of them is not gone.
	DeactivateGone bool
}

// importOptions are kept with a plan.
type importOptions struct {
	Site           locker.SiteID    `json:"site"`
	Mapping        importer.Mapping `json:"mapping"`
	Source         string           `json:"source"`
	DeactivateGone bool             `json:"deactivate_gone"`
}

// ImportPlan is what an import would change. Nothing was written.
type ImportPlan struct {
	ID        string // for ApplyImport; empty: there are problems, or there is nothing to do
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
func (c *Cloud) GuessMapping(_ context.Context, p Principal, data []byte) (ImportGuess, error) {
	if err := p.Need(RoleManager, auth.ScopePII); err != nil {
		return ImportGuess{}, err
	}
	table, err := readImport(data)
	if err != nil {
		return ImportGuess{}, err
	}
	g := ImportGuess{Encoding: table.Encoding, Separator: table.Separator, Rows: len(table.Records)}
	guess := importer.Guess(table.Header)
	for i, header := range table.Header {
		g.Columns = append(g.Columns, ImportColumn{Header: header, Guess: guess[i], Samples: table.Samples(i, maxSamples)})
	}
	return g, nil
}

func readImport(data []byte) (importer.Table, error) {
	if len(data) > MaxImportBytes {
		return importer.Table{}, locker.Errorf(locker.CodeImportInvalid, "the file is larger than %d MiB, split it", MaxImportBytes>>20)
	}
	return importer.Read(data, MaxImportRows)
}

// PlanImport says what importing a file would change, and writes nothing but the plan. Rows with
// problems are in the plan; a file that cannot be read is IMPORT_INVALID.
func (c *Cloud) PlanImport(ctx context.Context, p Principal, in ImportInput) (ImportPlan, error) {
	if err := p.Need(RoleManager, auth.ScopePII); err != nil {
		return ImportPlan{}, err
	}
	site, err := c.findSite(ctx, p, in.Site)
	if err != nil {
		return ImportPlan{}, err
	}
	source, err := checkText("source", in.Source, 0, 100)
	if err != nil {
		return ImportPlan{}, err
	}
	if source == "" {
		source = defaultSource
	}
	table, err := readImport(in.Data)
	if err != nil {
		return ImportPlan{}, err
	}
	if len(in.Mapping) == 0 {
		in.Mapping = importer.Guess(table.Header)
	}
	rows, problems, faulty, err := importer.Parse(table, in.Mapping, importChecks())
	if err != nil {
		return ImportPlan{}, err
	}
	in.DeactivateGone = in.DeactivateGone && faulty == 0
	options := importOptions{Site: in.Site, Mapping: in.Mapping, Source: source, DeactivateGone: in.DeactivateGone}
	var known importer.Known
	err = c.store.ReadTx(ctx, func(q *db.Queries) error {
		known, err = c.known(ctx, q, site.Property)
		return err
	})
	if err != nil {
		return ImportPlan{}, err
	}
	changes := importer.Compare(known, rows, source)
	plan := planView(changes, in.DeactivateGone)
	plan.Rows, plan.Faulty, plan.Problems = len(table.Records)+len(table.Problems), faulty, problems[:min(len(problems), MaxImportProblems)]
	if faulty > 0 && !in.SkipFaulty || plan.empty(in.DeactivateGone) {
		return plan, nil
	}
	return c.keepPlan(ctx, p, site.Property, plan, keptPlan{options: options, data: in.Data, known: known})
}

func importChecks() importer.Checks {
	return importer.Checks{Key: entry.NameKey, Email: checkEmail, Phone: entry.Phone, MaxNumber: maxUnitNumber}
}

func (p ImportPlan) empty(gone bool) bool {
	return p.Add+p.Change+p.UnitsAdd+p.UnitsEdit == 0 && (!gone || p.Gone == 0)
}

// planView counts and lists what a plan does.
func planView(changes importer.Plan, gone bool) ImportPlan {
	plan := ImportPlan{Unchanged: changes.Unchanged, Gone: len(changes.Gone)}
	for _, unit := range changes.Units {
		if unit.ID == "" {
			plan.UnitsAdd++
		} else {
			plan.UnitsEdit++
		}
	}
	listed := changes.People
	if gone {
		listed = slices.Concat(listed, changes.Gone)
	}
	for _, change := range listed {
		switch change.Action {
		case importer.ActionAdd:
			plan.Add++
		case importer.ActionChange:
			plan.Change++
		case importer.ActionDeactivate:
		}
		if len(plan.Changes) < MaxImportProblems {
			plan.Changes = append(plan.Changes, change.Change)
		}
	}
	return plan
}

type keptPlan struct {
	options importOptions
	data    []byte
	known   importer.Known
}

// keepPlan keeps a plan until somebody says yes: the file and who was known, not what would change,
// which is worked out again.
func (c *Cloud) keepPlan(ctx context.Context, p Principal, property string, plan ImportPlan, kept keptPlan) (ImportPlan, error) {
	state, err := kept.known.Hash()
	if err != nil {
		return ImportPlan{}, err
	}
	options, err := encodeJSON(kept.options)
	if err != nil {
		return ImportPlan{}, err
	}
	now := c.now()
	plan.ID, plan.ExpiresAt = c.newID(), now.Add(ImportLife)
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		if err := q.SweepImports(ctx, now.UnixMilli()); err != nil {
			return fmt.Errorf("forget old imports: %w", err)
		}
		have, err := q.ListImports(ctx, property)
		if err != nil {
			return fmt.Errorf("list imports: %w", err)
		}
		for _, old := range have[min(len(have), maxImports-1):] {
			if _, err := q.DeleteImport(ctx, old); err != nil {
				return fmt.Errorf("forget an old import: %w", err)
			}
		}
		return q.CreateImport(ctx, db.CreateImportParams{
			ID: plan.ID, Property: property, UserID: p.User, Options: options, Input: kept.data, State: state,
			CreatedAt: now.UnixMilli(), ExpiresAt: plan.ExpiresAt.UnixMilli(),
		})
	})
	return plan, err
}

// known reads everybody of a property.
func (c *Cloud) known(ctx context.Context, q *db.Queries, property string) (importer.Known, error) {
	var known importer.Known
	units, err := q.ListAllUnits(ctx, property)
	if err != nil {
		return known, fmt.Errorf("list units: %w", err)
	}
	keys := map[string]string{}
	for _, u := range units {
		keys[u.ID] = u.NameKey
		known.Units = append(known.Units, importer.Unit{
			ID: locker.UnitID(u.ID), Kind: locker.UnitKind(u.Kind), Name: u.Name, Key: u.NameKey, Number: u.Number,
		})
	}
	people, err := q.ListRecipientsOfProperty(ctx, property)
	if err != nil {
		return known, fmt.Errorf("list recipients: %w", err)
	}
	for _, r := range people {
		known.People = append(known.People, importer.Person{
			ID: locker.RecipientID(r.ID), Unit: keys[r.Unit], UnitName: r.UnitName, Name: r.Name, NameKey: r.NameKey,
			Email: r.Email, Phone: r.Phone, Language: r.Language, Kind: locker.RecipientKind(r.Kind), LowDoor: r.LowDoor,
			Inactive: r.Inactive, Source: r.ExternalSource, ExternalID: r.ExternalID,
		})
	}
	return known, nil
}

// ApplyImport does what a plan says, all of it in one transaction. When the people of the property
// changed since the plan was made it changes nothing and returns CONFLICT; a plan that is too old or
// was applied is NOT_FOUND.
func (c *Cloud) ApplyImport(ctx context.Context, p Principal, id string) (ImportResult, error) {
	if err := p.Need(RoleManager, auth.ScopePII); err != nil {
		return ImportResult{}, err
	}
	kept, err := c.store.Read().FindImport(ctx, id)
	if err != nil {
		return ImportResult{}, notFound(err, "import")
	}
	// Reading the file takes longer than anything else, and nobody else should wait for it.
	var options importOptions
	if err := decodeJSON(kept.Options, &options); err != nil {
		return ImportResult{}, err
	}
	table, err := readImport(kept.Input)
	if err != nil {
		return ImportResult{}, err
	}
	rows, _, _, err := importer.Parse(table, options.Mapping, importChecks())
	if err != nil {
		return ImportResult{}, err
	}
	w := importWriter{cloud: c, property: kept.Property, options: options, units: map[string]locker.UnitID{}}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		w.q = q
		property, err := c.findPropertyIn(ctx, q, p, kept.Property)
		if n, gone := q.DeleteImport(ctx, id); err != nil || gone != nil || n == 0 || kept.ExpiresAt <= c.millis() {
			return errors.Join(gone, locker.Errorf(locker.CodeNotFound, "no such import, or it is too old: look at it again"))
		}
		known, err := c.known(ctx, q, property.ID)
		if err != nil {
			return err
		}
		state, err := known.Hash()
		if err != nil {
			return err
		}
		if !bytes.Equal(state, kept.State) {
			return locker.Errorf(locker.CodeConflict, "somebody changed residents since this import was looked at: look at it again")
		}
		if err := w.write(ctx, known, importer.Compare(known, rows, options.Source)); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "import_residents", site: string(options.Site), subject: id})
	})
	if err != nil {
		return ImportResult{}, err
	}
	c.wakeSites(w.told...)
	return w.result, nil
}

// importWriter writes a plan within a transaction.
type importWriter struct {
	cloud    *Cloud
	q        *db.Queries
	property string
	options  importOptions
	units    map[string]locker.UnitID // by key
	changes  []wire.Change
	told     []locker.SiteID
	result   ImportResult
}

func (w *importWriter) write(ctx context.Context, known importer.Known, plan importer.Plan) error {
	for _, unit := range known.Units {
		w.units[unit.Key] = unit.ID
	}
	for _, unit := range plan.Units {
		if err := w.unit(ctx, unit); err != nil {
			return err
		}
	}
	people := plan.People
	if w.options.DeactivateGone {
		people = slices.Concat(people, plan.Gone)
	}
	for _, change := range people {
		if err := w.person(ctx, change); err != nil {
			return fmt.Errorf("line %d: %w", change.Line, err)
		}
	}
	var err error
	w.told, err = w.cloud.publishToProperty(ctx, w.q, w.property, w.changes...)
	return err
}

func (w *importWriter) unit(ctx context.Context, u importer.Unit) error {
	unit, err := checkUnit(UnitDraft{ID: u.ID, Kind: u.Kind, Name: u.Name, Number: u.Number})
	if err != nil {
		return err
	}
	if u.Number == "" {
		if unit.Number, err = freeNumber(ctx, w.q, w.property, unit); err != nil {
			return err
		}
	}
	if unit.ID == "" {
		unit.ID = locker.UnitID(w.cloud.newID())
		w.result.UnitsAdded++
		err = w.q.CreateUnit(ctx, db.CreateUnitParams{
			ID: string(unit.ID), Property: w.property, Kind: string(unit.Kind), Name: unit.Name, NameKey: u.Key,
			Number: unit.Number, CreatedAt: w.cloud.millis(),
		})
	} else {
		w.result.UnitsChanged++
		err = w.q.UpdateUnit(ctx, db.UpdateUnitParams{
			Kind: string(unit.Kind), Name: unit.Name, NameKey: u.Key, Number: unit.Number, ID: string(unit.ID),
		})
	}
	if err != nil {
		return fmt.Errorf("write a unit: %w", err)
	}
	w.units[u.Key] = unit.ID
	change, err := wire.EncodeUnit(unit)
	w.changes = append(w.changes, change)
	return err
}

func (w *importWriter) person(ctx context.Context, change importer.PersonChange) error {
	p := change.Person
	draft := RecipientDraft{
		ID: p.ID, Kind: p.Kind, Unit: w.units[p.Unit], Name: p.Name, Email: p.Email, Phone: p.Phone, Language: p.Language,
		LowDoor: p.LowDoor, Inactive: p.Inactive, Source: p.Source, ExternalID: p.ExternalID,
	}
	switch change.Action {
	case importer.ActionAdd:
		w.result.Added++
	case importer.ActionChange:
		w.result.Changed++
	case importer.ActionDeactivate:
		w.result.Deactivated++
	}
	if p.ID == "" {
		draft.ID = locker.RecipientID(w.cloud.newID())
		if err := w.cloud.addRecipient(ctx, w.q, w.property, draft); err != nil {
			return err
		}
	} else {
		row, err := w.q.FindRecipient(ctx, string(p.ID))
		if err != nil {
			return notFound(err, "recipient")
		}
		draft.VacationUntil, draft.QuietFrom, draft.QuietTo = moment(row.VacationUntil), int(row.QuietFrom), int(row.QuietTo)
		if err := w.cloud.updateRecipient(ctx, w.q, w.property, draft); err != nil {
			return err
		}
	}
	published, err := wire.EncodeRecipient(locker.Recipient{
		ID: draft.ID, Kind: draft.Kind, Unit: draft.Unit, Name: draft.Name, LowDoor: draft.LowDoor, Language: draft.Language,
		Inactive: draft.Inactive,
	})
	w.changes = append(w.changes, published)
	return err
}
