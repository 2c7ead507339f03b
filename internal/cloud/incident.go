package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Kinds and severities of incidents stand in package incident.
type (
	// IncidentKind says what a person must look at.
	IncidentKind = incident.Kind
	// Severity says how soon a person must look.
	Severity = incident.Severity
)

// The kinds of incident.
const (
	IncidentRevokedCollected = incident.RevokedCollected
	IncidentUnexpectedOpen   = incident.UnexpectedOpen
	IncidentFault            = incident.Fault
	IncidentPlaceDoubted     = incident.PlaceDoubted
	IncidentOpenUnconfirmed  = incident.OpenUnconfirmed
	IncidentOpenFailed       = incident.OpenFailed
	IncidentProblem          = incident.Problem
	IncidentDropRefused      = incident.DropRefused
	IncidentLockout          = incident.Lockout
	IncidentIdentityInUse    = incident.IdentityInUse
	IncidentClockDoubted     = incident.ClockDoubted
	IncidentJournalSealed    = incident.JournalSealed
	IncidentJournalFork      = incident.JournalFork
	IncidentHeadMismatch     = incident.HeadMismatch
	IncidentSiteSilent       = incident.SiteSilent
	IncidentProjection       = incident.Projection
	IncidentUnnotified       = incident.Unnotified
	IncidentUnknownParcel    = incident.UnknownParcel
	IncidentMissing          = incident.Missing
)

// The severities.
const (
	SeverityLow    = incident.Low
	SeverityHigh   = incident.High
	SeverityUrgent = incident.Urgent
)

// IncidentView is one incident.
type IncidentView struct {
	ID         string
	Site       locker.SiteID
	SiteName   string
	Kind       IncidentKind
	Severity   Severity
	Place      locker.PlaceID
	PlaceName  string
	Part       string // of a fault: what it is about beside a place, e.g. a bus or bus/board
	Stay       locker.StayID
	Parcel     locker.ParcelID
	Detail     string // a code or word that says more, e.g. the fault or the problem
	Resolved   bool
	Owner      string // user id
	OwnerName  string
	Count      int // how often it happened while open
	OpenedAt   time.Time
	LastAt     time.Time
	DueAt      time.Time // when it should be resolved
	ResolvedAt time.Time
	ResolvedBy string // name
	Resolution string
	Notes      []IncidentNote // with Incident only
	Actions    []Action       // next steps at its place
}

// IncidentNote is what somebody wrote to an incident.
type IncidentNote struct {
	At   time.Time
	User string // name
	Text string
}

// IncidentFilter chooses incidents. Zero fields do not filter.
type IncidentFilter struct {
	Site     locker.SiteID
	Resolved bool // the resolved ones instead of the open ones
	Cursor   string
	Limit    int
}

// Incidents returns incidents, newest first.
func (c *Cloud) Incidents(ctx context.Context, p Principal, f IncidentFilter) (Page[IncidentView], error) {
	var found Page[IncidentView]
	sites, err := c.siteIDs(ctx, p, f.Site)
	if err != nil || len(sites) == 0 {
		return found, err
	}
	query := store.IncidentQuery{Sites: sites, State: incidentOpen, Limit: page(f.Limit) + 1}
	if f.Resolved {
		query.State = incidentResolved
	}
	if query.BeforeOpened, query.BeforeID, err = entry.ParseCursor(f.Cursor); err != nil {
		return found, err
	}
	rows, err := c.store.ListIncidents(ctx, query)
	if err != nil {
		return found, err
	}
	views := map[string]*siteView{}
	for i, row := range rows {
		if i == query.Limit-1 {
			last := rows[i-1]
			found.Next = entry.FormatCursor(last.OpenedAt, last.ID)
			break
		}
		if views[row.Site] == nil {
			if views[row.Site], err = c.layoutView(ctx, row.Site); err != nil {
				return found, err
			}
		}
		found.Items = append(found.Items, c.incidentView(ctx, views[row.Site], row))
	}
	return found, nil
}

// States of an incident's row.
const (
	incidentOpen     = "open"
	incidentResolved = "resolved"
)

func (c *Cloud) incidentView(ctx context.Context, v *siteView, row store.IncidentRow) IncidentView {
	place := v.index[locker.PlaceID(row.Place)]
	view := IncidentView{
		ID: row.ID, Site: locker.SiteID(row.Site), SiteName: row.SiteName, Kind: IncidentKind(row.Kind),
		Severity: Severity(row.Severity), Place: locker.PlaceID(row.Place), PlaceName: place.Name,
		Part: incident.Part(row.Incident),
		Stay: locker.StayID(row.Stay), Parcel: locker.ParcelID(row.Parcel), Detail: row.Detail,
		Resolved: row.State == incidentResolved, Owner: row.Owner, OwnerName: row.OwnerName, Count: int(row.Count),
		OpenedAt: moment(row.OpenedAt), LastAt: moment(row.LastAt), DueAt: moment(row.DueAt),
		ResolvedAt: moment(row.ResolvedAt), ResolvedBy: c.userName(ctx, row.ResolvedBy), Resolution: row.Resolution,
	}
	if !view.Resolved {
		view.Actions = incidentActions(view.Kind, place.Kind)
	}
	return view
}

// incidentActions are the next steps that an incident of a kind usually needs.
func incidentActions(kind IncidentKind, place locker.PlaceKind) []Action {
	if place == "" {
		return nil
	}
	switch kind {
	case IncidentUnexpectedOpen, IncidentPlaceDoubted, IncidentOpenUnconfirmed, IncidentProblem, IncidentMissing, incident.AuditUnasked,
		incident.AuditNoDoor, incident.AuditGhost, incident.AuditStray, incident.AuditMisplaced, incident.AuditDoubt,
		IncidentRevokedCollected:
		if place == locker.PlaceCompartment {
			return []Action{ActionOpen, ActionVerify, ActionOut}
		}
		return []Action{ActionVerify}
	case IncidentFault, IncidentOpenFailed:
		return []Action{ActionOpen, ActionOut, ActionBack}
	case IncidentUnknownParcel, IncidentUnnotified, incident.AuditMovedOut:
		return []Action{ActionReassign}
	case IncidentDropRefused, IncidentLockout, IncidentIdentityInUse, IncidentClockDoubted, IncidentJournalSealed,
		IncidentJournalFork, IncidentHeadMismatch, IncidentSiteSilent, IncidentProjection, incident.AuditSum, incident.AuditTables,
		incident.AuditController, incident.AuditReplaced:
	}
	return nil
}

// Incident returns one incident with its notes.
func (c *Cloud) Incident(ctx context.Context, p Principal, id string) (IncidentView, error) {
	row, err := c.findIncident(ctx, c.store.Read(), p, id)
	if err != nil {
		return IncidentView{}, err
	}
	v, err := c.layoutView(ctx, row.Site)
	if err != nil {
		return IncidentView{}, err
	}
	full := store.IncidentRow{Incident: row, SiteName: v.row.Name, OwnerName: c.userName(ctx, row.Owner)}
	if row.Stay != "" {
		stay, err := c.store.Read().FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.Stay})
		if err != nil && !isNone(err) {
			return IncidentView{}, fmt.Errorf("find the stay: %w", err)
		}
		full.Parcel = stay.Parcel
	}
	view := c.incidentView(ctx, v, full)
	notes, err := c.store.Read().ListIncidentNotes(ctx, id)
	if err != nil {
		return IncidentView{}, fmt.Errorf("list notes: %w", err)
	}
	for _, note := range notes {
		view.Notes = append(view.Notes, IncidentNote{
			At: moment(note.At), User: c.userName(ctx, note.UserID), Text: note.Body,
		})
	}
	return view, nil
}

// findIncident returns an incident of a site that the principal sees, else NOT_FOUND.
func (c *Cloud) findIncident(ctx context.Context, q *db.Queries, p Principal, id string) (db.Incident, error) {
	row, err := q.FindIncident(ctx, id)
	if err != nil {
		return row, notFound(err, "incident")
	}
	if _, err := c.findSiteIn(ctx, q, p, locker.SiteID(row.Site)); err != nil {
		return db.Incident{}, locker.Errorf(locker.CodeNotFound, "no such incident")
	}
	return row, nil
}

// OpenIncidents returns how many incidents are open, for the badge of the shell.
func (c *Cloud) OpenIncidents(ctx context.Context, p Principal) (int, error) {
	sites, err := c.siteIDs(ctx, p, "")
	if err != nil {
		return 0, err
	}
	counts, err := c.store.CountOpenIncidents(ctx, sites)
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum, nil
}

// AssignIncident gives an incident an owner; an empty user means the principal.
func (c *Cloud) AssignIncident(ctx context.Context, p Principal, id, user string) error {
	if user == "" {
		user = p.User
	}
	return c.changeIncident(ctx, p, id, "assign_incident", func(q *db.Queries, row db.Incident) error {
		owner, err := q.FindUser(ctx, user)
		if err != nil || owner.Disabled {
			return locker.Errorf(locker.CodeNotFound, "no such user")
		}
		if _, err := c.findSiteIn(ctx, q, Principal{Organization: owner.Organization}, locker.SiteID(row.Site)); err != nil {
			return locker.Errorf(locker.CodeNotFound, "no such user")
		}
		return q.AssignIncident(ctx, db.AssignIncidentParams{Owner: user, ID: id})
	})
}

// changeIncident runs change on an open incident and writes the act down.
func (c *Cloud) changeIncident(ctx context.Context, p Principal, id, kind string, change func(*db.Queries, db.Incident) error) error {
	if err := p.Need(RoleStaff, auth.ScopeWrite); err != nil {
		return err
	}
	var site string
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := c.findIncident(ctx, q, p, id)
		if err != nil {
			return err
		}
		if row.State != incidentOpen {
			return locker.Errorf(locker.CodeConflict, "this incident was resolved already")
		}
		site = row.Site
		if err := change(q, row); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: kind, site: row.Site, subject: id})
	})
	if err == nil {
		c.feed.Publish(Change{Site: locker.SiteID(site), Incidents: true, Tiles: true})
	}
	return err
}

// NoteIncident adds a note, 1 to 2000 characters.
func (c *Cloud) NoteIncident(ctx context.Context, p Principal, id, text string) error {
	text, err := checkText("note", text, 1, maxNote)
	if err != nil {
		return err
	}
	return c.changeIncident(ctx, p, id, "note_incident", func(q *db.Queries, _ db.Incident) error {
		return q.CreateIncidentNote(ctx, db.CreateIncidentNoteParams{
			ID: c.newID(), Incident: id, At: c.millis(), UserID: p.User, Body: text,
		})
	})
}

const maxNote = 2000

// ResolveIncident ends an incident; the resolution says what was done, 1 to 2000 characters.
func (c *Cloud) ResolveIncident(ctx context.Context, p Principal, id, resolution string) error {
	resolution, err := checkText("resolution", resolution, 1, maxNote)
	if err != nil {
		return err
	}
	return c.changeIncident(ctx, p, id, "resolve_incident", func(q *db.Queries, _ db.Incident) error {
		_, err := q.ResolveIncident(ctx, db.ResolveIncidentParams{
			ResolvedAt: c.millis(), ResolvedBy: p.User, Resolution: resolution, ID: id,
		})
		return err
	})
}
