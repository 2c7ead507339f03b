package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Incident is something that a person must look at.
type Incident struct {
	ID         string             `json:"id" doc:"Id."`
	Site       locker.SiteID      `json:"site" doc:"Id of the site." example:"harbour-view"`
	Kind       cloud.IncidentKind `json:"kind" doc:"What it is." example:"unexpected_open"`
	Severity   cloud.Severity     `json:"severity" enum:"low,high,urgent" doc:"How soon a person must look."`
	Place      locker.PlaceID     `json:"place,omitempty" doc:"Id of the place." example:"main/B07"`
	Stay       locker.StayID      `json:"stay,omitempty" doc:"Id of the stay."`
	Parcel     locker.ParcelID    `json:"parcel,omitempty" doc:"Id of the parcel."`
	Detail     string             `json:"detail,omitempty" doc:"A code or word that says more." example:"door_ajar"`
	Resolved   bool               `json:"resolved" doc:"It is over."`
	Owner      string             `json:"owner,omitempty" doc:"Id of the user who looks after it."`
	OwnerName  string             `json:"owner_name,omitempty" doc:"With the scope pii."`
	Count      int                `json:"count" doc:"How often it happened while it was open."`
	OpenedAt   time.Time          `json:"opened_at" doc:"When it began."`
	LastAt     time.Time          `json:"last_at,omitzero" doc:"When it last happened."`
	DueAt      time.Time          `json:"due_at,omitzero" doc:"When it should be resolved."`
	ResolvedAt time.Time          `json:"resolved_at,omitzero" doc:"When it was."`
	ResolvedBy string             `json:"resolved_by,omitempty" doc:"By whom; with the scope pii."`
	Resolution string             `json:"resolution,omitempty" doc:"What was done; with the scope pii."`
	Actions    []cloud.Action     `json:"actions" doc:"Next steps at its place."`
}

func incidentOf(i cloud.IncidentView, people bool) Incident {
	return Incident{
		ID: i.ID, Site: i.Site, Kind: i.Kind, Severity: i.Severity, Place: i.Place, Stay: i.Stay, Parcel: i.Parcel,
		Detail: i.Detail, Resolved: i.Resolved, Owner: i.Owner, OwnerName: only(people, i.OwnerName), Count: i.Count,
		OpenedAt: i.OpenedAt, LastAt: i.LastAt, DueAt: i.DueAt, ResolvedAt: i.ResolvedAt,
		ResolvedBy: only(people, i.ResolvedBy), Resolution: only(people, i.Resolution),
		Actions: each(i.Actions, func(x cloud.Action) cloud.Action { return x }),
	}
}

func (a *API) listIncidents(ctx context.Context, who cloud.Principal, in *struct {
	Paging
	Site     locker.SiteID `query:"site" maxLength:"200" doc:"Only those of this site."`
	Resolved bool          `query:"resolved" doc:"The resolved ones instead of the open ones."`
},
) (*reply[List[Incident]], error) {
	cursor, err := reveal(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := a.cloud.Incidents(ctx, who, cloud.IncidentFilter{
		Site: in.Site, Resolved: in.Resolved, Cursor: cursor, Limit: in.Limit,
	})
	people := seesPeople(who)
	return answer(listOf(page, func(i cloud.IncidentView) Incident { return incidentOf(i, people) }), err)
}

// IncidentDetail is an incident with its notes.
type IncidentDetail struct {
	Incident
	Notes []IncidentNote `json:"notes" doc:"Oldest first."`
}

// IncidentNote is what somebody wrote to an incident.
type IncidentNote struct {
	At   time.Time `json:"at" doc:"When."`
	User string    `json:"user,omitempty" doc:"Who; with the scope pii."`
	Text string    `json:"text,omitempty" doc:"What; with the scope pii."`
}

func (a *API) getIncident(ctx context.Context, who cloud.Principal, in *OfIncident) (*reply[IncidentDetail], error) {
	i, err := a.cloud.Incident(ctx, who, in.Incident)
	people := seesPeople(who)
	return answer(IncidentDetail{
		Incident: incidentOf(i, people),
		Notes: each(i.Notes, func(n cloud.IncidentNote) IncidentNote {
			return IncidentNote{At: n.At, User: only(people, n.User), Text: only(people, n.Text)}
		}),
	}, err)
}

func (a *API) assignIncident(ctx context.Context, who cloud.Principal, in *struct {
	OfIncident
	Body struct {
		User string `json:"user,omitempty" maxLength:"200" doc:"Id of the user; missing: whoever made the token."`
	}
},
) (*none, error) {
	return done(a.cloud.AssignIncident(ctx, who, in.Incident, in.Body.User))
}

func (a *API) noteIncident(ctx context.Context, who cloud.Principal, in *struct {
	OfIncident
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000" doc:"What there is to say." example:"Locksmith comes at 10."`
	}
},
) (*none, error) {
	return done(a.cloud.NoteIncident(ctx, who, in.Incident, in.Body.Text))
}

func (a *API) resolveIncident(ctx context.Context, who cloud.Principal, in *struct {
	OfIncident
	Body struct {
		Resolution string `json:"resolution" minLength:"1" maxLength:"2000" doc:"What was done." example:"Hinge replaced."`
	}
},
) (*none, error) {
	return done(a.cloud.ResolveIncident(ctx, who, in.Incident, in.Body.Resolution))
}
