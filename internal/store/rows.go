package store

import (
	"context"
	"fmt"
	"reflect"

	"cubby/internal/store/db"
	"cubby/internal/store/native"
)

// Record is what a batch adds to the records of its sites.
type Record struct {
	Operations []db.InsertOperationParams
	Epochs     []db.PutEpochParams // each at most once
}

// Tables are the rows that follow from the records of a batch. Each row stands once.
type Tables struct {
	Places      []db.PutPlaceParams
	Stays       []db.PutStayParams // new ones
	StayChanges []db.UpdateStayParams
	Parcels     []db.PutParcelParams
	Custody     []db.InsertCustodyParams
	Jobs        []Job
}

// WriteRecord stores operations and epochs. On PostgreSQL it is one statement for each table.
func (b *Batch) WriteRecord(ctx context.Context, r Record) error {
	q := b.native
	err := write(ctx, "store operations", r.Operations, b.InsertOperation, bulk(q, (*native.Queries).InsertOperations))
	if err != nil {
		return err
	}
	return write(ctx, "write epochs", r.Epochs, b.PutEpoch, bulk(q, (*native.Queries).PutEpochs))
}

// WriteCursors stores how far records go. The cursors must have been read by [Batch.Cursors].
func (b *Batch) WriteCursors(ctx context.Context, cursors []db.PutCursorParams) error {
	return write(ctx, "move cursors", cursors, b.PutCursor, bulk(b.native, (*native.Queries).UpdateCursors))
}

// WriteTables stores rows of tables and adds jobs.
func (b *Batch) WriteTables(ctx context.Context, t *Tables) error {
	q := b.native
	if err := write(ctx, "write places", t.Places, b.PutPlace, bulk(q, (*native.Queries).PutPlaces)); err != nil {
		return err
	}
	if err := write(ctx, "write stays", t.Stays, b.PutStay, bulk(q, (*native.Queries).PutStays)); err != nil {
		return err
	}
	if err := write(ctx, "change stays", t.StayChanges, b.UpdateStay, bulk(q, (*native.Queries).UpdateStays)); err != nil {
		return err
	}
	if err := write(ctx, "write parcels", t.Parcels, b.PutParcel, bulk(q, (*native.Queries).PutParcels)); err != nil {
		return err
	}
	if err := write(ctx, "write custody", t.Custody, b.InsertCustody, bulk(q, (*native.Queries).InsertCustodies)); err != nil {
		return err
	}
	return b.enqueue(ctx, t.Jobs)
}

func (b *Batch) enqueue(ctx context.Context, jobs []Job) error {
	rows := make([]db.EnqueueJobParams, 0, len(jobs))
	for _, j := range jobs {
		rows = append(rows, b.store.jobRow(j))
	}
	one := func(ctx context.Context, row db.EnqueueJobParams) error {
		_, err := b.EnqueueJob(ctx, row)
		return err
	}
	many := func(q *native.Queries, ctx context.Context, rows native.EnqueueJobsParams) error {
		_, err := q.EnqueueJobs(ctx, rows)
		return err
	}
	if len(jobs) > 0 {
		b.store.enqueued.Store(true)
	}
	return write(ctx, "enqueue jobs", rows, one, bulk(b.native, many))
}

// bulk binds a statement that writes many rows; nil where there is none.
func bulk[P any](q *native.Queries, many func(*native.Queries, context.Context, P) error) func(context.Context, any) error {
	if q == nil {
		return nil
	}
	return func(ctx context.Context, rows any) error {
		var columns P
		transpose(reflect.ValueOf(rows), reflect.ValueOf(&columns).Elem())
		return many(q, ctx, columns)
	}
}

func write[R any](ctx context.Context, what string, rows []R, one func(context.Context, R) error, many func(context.Context, any) error) error {
	if many != nil {
		if len(rows) == 0 {
			return nil
		}
		if err := many(ctx, rows); err != nil {
			return fmt.Errorf("%s: %w", what, Classify(err))
		}
		return nil
	}
	for _, row := range rows {
		if err := one(ctx, row); err != nil {
			return fmt.Errorf("%s: %w", what, Classify(err))
		}
	}
	return nil
}

// transpose turns rows into columns: each field of columns is a slice of the field of the same name of the
// rows. Both are generated from the same tables; a test holds the names together.
func transpose(rows, columns reflect.Value) {
	n := rows.Len()
	for i := range columns.NumField() {
		column := columns.Field(i)
		field, _ := rows.Type().Elem().FieldByName(columns.Type().Field(i).Name)
		column.Set(reflect.MakeSlice(column.Type(), n, n))
		switch cells := column.Interface().(type) {
		case []string:
			for r := range n {
				cells[r] = Text(rows.Index(r).FieldByIndex(field.Index).String())
			}
		case []int64:
			for r := range n {
				cells[r] = rows.Index(r).FieldByIndex(field.Index).Int()
			}
		case []bool:
			for r := range n {
				cells[r] = rows.Index(r).FieldByIndex(field.Index).Bool()
			}
		case [][]byte:
			for r := range n {
				if cells[r] = rows.Index(r).FieldByIndex(field.Index).Bytes(); cells[r] == nil {
					cells[r] = []byte{} // nil would be NULL
				}
			}
		}
	}
}

// Epochs returns the epochs that records are in, by site. SQLite answers nothing: one row costs no round
// trip there.
func (b *Batch) Epochs(ctx context.Context, cursors map[string]db.SiteCursor) (map[string]db.Epoch, error) {
	if b.native == nil {
		return nil, nil //nolint:nilnil // nothing is an answer
	}
	var at native.ListEpochsAtParams
	for site, cursor := range cursors {
		if cursor.Epoch > 0 {
			at.Sites, at.Numbers = append(at.Sites, site), append(at.Numbers, cursor.Epoch)
		}
	}
	rows, err := b.native.ListEpochsAt(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", Classify(err))
	}
	found := make(map[string]db.Epoch, len(rows))
	for _, row := range rows {
		found[row.Site] = db.Epoch(row)
	}
	return found, nil
}

// Ahead are rows that were read before they are asked for. A key that was read and is not there maps to
// nil.
type Ahead struct {
	Places map[Key]*db.Place
	Stays  map[Key]*db.Stay
}

// ReadAhead reads the rows of places and stays at once. SQLite answers nothing: one row costs no round trip
// there.
func (b *Batch) ReadAhead(ctx context.Context, places, stays []Key) (ahead Ahead, err error) {
	if b.native == nil {
		return ahead, nil
	}
	ahead.Places, ahead.Stays = make(map[Key]*db.Place, len(places)), make(map[Key]*db.Stay, len(stays))
	sites, ids := columnsOf(places, ahead.Places)
	foundPlaces, err := b.native.ListPlacesOf(ctx, native.ListPlacesOfParams{Sites: sites, Ids: ids})
	if err != nil {
		return ahead, fmt.Errorf("read places: %w", Classify(err))
	}
	for _, row := range foundPlaces {
		found := db.Place(row)
		ahead.Places[Key{row.Site, row.ID}] = &found
	}
	sites, ids = columnsOf(stays, ahead.Stays)
	foundStays, err := b.native.ListStaysOf(ctx, native.ListStaysOfParams{Sites: sites, Ids: ids})
	if err != nil {
		return ahead, fmt.Errorf("read stays: %w", Classify(err))
	}
	for _, row := range foundStays {
		found := db.Stay(row)
		ahead.Stays[Key{row.Site, row.ID}] = &found
	}
	return ahead, nil
}

// columnsOf returns the distinct keys as columns and notes that they were asked for. A key that no row can
// have as it stands is left to be asked for alone.
func columnsOf[R any](keys []Key, asked map[Key]*R) (sites, ids []string) {
	for _, k := range keys {
		if _, twice := asked[k]; twice || Text(k.ID) != k.ID {
			continue
		}
		asked[k] = nil
		sites, ids = append(sites, k.Site), append(ids, k.ID)
	}
	return sites, ids
}
