package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cubby/internal/cloud/intake"
	"cubby/internal/cloud/rows"
	"cubby/internal/cloud/timeline"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

const (
	pageOps = 200 // operations that are read at once
	// incidentOverlap is how far back incidents are looked at again: transactions that began earlier may
	// commit later.
	incidentOverlap = 2 * time.Minute
)

// message is the body of a delivery, in the form that the specification suggests.
type message struct {
	Type      Kind      `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of what happened
	Data      any       `json:"data"`
}

// factData is what a message about a fact carries.
type factData struct {
	Event    string          `json:"event"` // id, the same in each copy
	Site     string          `json:"site"`
	Cursor   string          `json:"cursor"` // of the fact, for the API's list of facts
	Kind     string          `json:"fact"`
	Body     json.RawMessage `json:"body"`
	Delivery *delivered      `json:"delivery,omitempty"`
}

// delivered is the parcel that a fact is about.
type delivered struct {
	ID        string `json:"id"`
	Parcel    string `json:"parcel"`
	Place     string `json:"place"`
	Recipient string `json:"recipient,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Size      string `json:"size"`
	Carrier   string `json:"carrier,omitempty"`
}

// incidentData is what a message about an incident carries.
type incidentData struct {
	Event    string `json:"event"`
	Site     string `json:"site"`
	Incident string `json:"incident"`
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	Place    string `json:"place,omitempty"`
	Delivery string `json:"delivery,omitempty"`
}

type pingData struct {
	Event string `json:"event"`
}

// Follow makes deliveries of all that happened since it was called last, for every hook. The background
// work calls it each second.
func (h *Hooks) Follow(ctx context.Context) error {
	hooks, err := h.active(ctx)
	if err != nil {
		return err
	}
	return h.followAll(ctx, hooks)
}

// active lists the hooks that are sent to.
func (h *Hooks) active(ctx context.Context) ([]db.Hook, error) {
	hooks, err := h.opts.Store.Read().ListActiveHooks(ctx)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return hooks, nil
}

func (h *Hooks) followAll(ctx context.Context, hooks []db.Hook) error {
	for _, row := range hooks {
		if err := h.follow(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hooks) follow(ctx context.Context, row db.Hook) error {
	var wanted []Kind
	if err := rows.Decode(row.Kinds, &wanted); err != nil {
		return err //nolint:wrapcheck // names the column
	}
	sites, err := h.opts.Store.Read().ListHookSites(ctx, db.ListHookSitesParams{Hook: row.ID, Organization: row.Organization})
	if err != nil {
		return fmt.Errorf("list the sites of webhook %s: %w", row.ID, err)
	}
	for _, s := range sites {
		for more := true; more && ctx.Err() == nil; {
			if more, err = h.followSite(ctx, row, wanted, &s); err != nil {
				return fmt.Errorf("follow site %s for webhook %s: %w", s.Site, row.ID, err)
			}
		}
	}
	return h.followIncidents(ctx, row, wanted)
}

// followSite takes one page of a site's record, and says whether there is more.
func (h *Hooks) followSite(ctx context.Context, hook db.Hook, wanted []Kind, s *db.ListHookSitesRow) (more bool, err error) {
	ops, err := h.opts.Store.Read().ListOperations(ctx, db.ListOperationsParams{
		Site: s.Site, AfterEpoch: s.Epoch, AfterNumber: s.Number, Page: pageOps,
	})
	if err != nil {
		return false, fmt.Errorf("read operations: %w", err)
	}
	last := timeline.Cursor{Epoch: s.ProjectedEpoch, Number: s.ProjectedNumber}
	err = h.opts.Store.Tx(ctx, func(q *db.Queries) error {
		for _, op := range ops {
			if (timeline.Cursor{Epoch: op.Epoch, Number: op.Number}).Compare(last) > 0 {
				break // the tables do not know it yet
			}
			if err := h.tell(ctx, q, hook.ID, wanted, op); err != nil {
				return err
			}
			s.Epoch, s.Number, more = op.Epoch, op.Number, len(ops) == pageOps
		}
		return q.PutHookCursor(ctx, db.PutHookCursorParams{Hook: hook.ID, Site: s.Site, Epoch: s.Epoch, Number: s.Number})
	})
	if err != nil {
		return false, fmt.Errorf("write deliveries: %w", err)
	}
	return more && len(ops) > 0, nil
}

// tell makes deliveries of what a hook wants to know of one operation.
func (h *Hooks) tell(ctx context.Context, q *db.Queries, hook string, wanted []Kind, row db.Operation) error {
	op, err := wire.DecodeOperation(row.Body)
	if err != nil {
		return nil //nolint:nilerr // kept in the record, but this version cannot tell of it
	}
	for i, f := range op.Facts {
		kind := kindOf(f)
		if kind == "" || !wants(wanted, kind) {
			continue
		}
		at := timeline.Cursor{Epoch: row.Epoch, Number: row.Number, Index: i}
		seen, err := timeline.View(op, at, f)
		if err != nil {
			return err //nolint:wrapcheck // says what it could not do
		}
		data := factData{Event: row.Site + "-" + seen.Cursor, Site: row.Site, Cursor: seen.Cursor, Kind: seen.Kind, Body: seen.Body}
		if data.Delivery, err = parcel(ctx, q, row.Site, intake.StayOf(f)); err != nil {
			return err
		}
		if err := h.put(ctx, q, delivery{hook: hook, event: data.Event, site: row.Site}, message{kind, seen.At.UTC(), data}); err != nil {
			return err
		}
	}
	return nil
}

func wants(wanted []Kind, kind Kind) bool { return len(wanted) == 0 || slices.Contains(wanted, kind) }

func parcel(ctx context.Context, q *db.Queries, site string, id locker.StayID) (*delivered, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // the fact is about no parcel
	}
	s, err := q.FindStay(ctx, db.FindStayParams{Site: site, ID: string(id)})
	if rows.None(err) {
		return nil, nil //nolint:nilnil // it was taken out of the tables since
	}
	if err != nil {
		return nil, fmt.Errorf("find stay %s: %w", id, err)
	}
	return &delivered{
		ID: s.ID, Parcel: s.Parcel, Place: s.Place, Recipient: s.Recipient, Unit: s.Unit, Size: s.Size, Carrier: s.Carrier,
	}, nil
}

// followIncidents finds incidents that began or ended since the last look.
func (h *Hooks) followIncidents(ctx context.Context, hook db.Hook, wanted []Kind) error {
	if !wants(wanted, IncidentOpened) && !wants(wanted, IncidentEnded) {
		return nil
	}
	now := h.opts.Now()
	since := max(hook.ToldIncidents-incidentOverlap.Milliseconds(), hook.CreatedAt)
	read := h.opts.Store.Read()
	begun, err := read.ListIncidentsBegunSince(ctx, since)
	if err != nil {
		return fmt.Errorf("look for incidents: %w", err)
	}
	ended, err := read.ListIncidentsEndedSince(ctx, since)
	if err != nil {
		return fmt.Errorf("look for incidents that are over: %w", err)
	}
	if len(begun)+len(ended) == 0 && now.UnixMilli()-hook.ToldIncidents < incidentOverlap.Milliseconds()/2 {
		return nil
	}
	return h.opts.Store.Tx(ctx, func(q *db.Queries) error {
		sites, err := q.ListHookSites(ctx, db.ListHookSitesParams{Hook: hook.ID, Whole: true, Organization: hook.Organization})
		if err != nil {
			return fmt.Errorf("list the sites of webhook %s: %w", hook.ID, err)
		}
		for i, row := range slices.Concat(begun, ended) {
			kind, at := IncidentOpened, row.OpenedAt
			if i >= len(begun) {
				kind, at = IncidentEnded, row.ResolvedAt
			}
			mine := slices.ContainsFunc(sites, func(s db.ListHookSitesRow) bool { return s.Site == row.Site })
			if !mine || !wants(wanted, kind) {
				continue
			}
			data := incidentData{
				Event: row.ID + "-" + string(kind), Site: row.Site, Incident: row.ID, Kind: row.Kind, Severity: row.Severity,
				Place: row.Place, Delivery: row.Stay,
			}
			if err := h.put(ctx, q, delivery{hook: hook.ID, event: data.Event, site: row.Site}, message{kind, moment(at), data}); err != nil {
				return err
			}
		}
		return q.MarkHookIncidents(ctx, db.MarkHookIncidentsParams{ToldIncidents: now.UnixMilli(), ID: hook.ID})
	})
}

type delivery struct{ hook, event, site string }

func (h *Hooks) put(ctx context.Context, q *db.Queries, d delivery, m message) error {
	body, err := rows.Encode(m)
	if err != nil {
		return err //nolint:wrapcheck // names what it could not encode
	}
	_, err = q.CreateHookDelivery(ctx, db.CreateHookDeliveryParams{
		ID: h.opts.NewID(), Hook: d.hook, Event: d.event, Kind: string(m.Type), Site: d.site, Body: body, DueAt: h.opts.Now().UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("keep a delivery: %w", err)
	}
	return nil
}
