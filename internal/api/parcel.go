package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Parcel is a parcel with its latest stay.
type Parcel struct {
	ID           locker.ParcelID    `json:"id" doc:"Id."`
	Site         locker.SiteID      `json:"site" doc:"Id of the site." example:"harbour-view"`
	Stay         locker.StayID      `json:"stay" doc:"Id of the stay."`
	State        locker.StayState   `json:"state" enum:"depositing,stored,undoing,held,collected,removed,undone" doc:"Where the stay is in its life."`
	Overdue      bool               `json:"overdue" doc:"Past its \"collect by\"."`
	Revoked      bool               `json:"revoked" doc:"Only staff may open it."`
	Place        locker.PlaceID     `json:"place" doc:"Id of the place." example:"main/B07"`
	PlaceName    string             `json:"place_name" doc:"As painted on it." example:"B07"`
	PlaceKind    locker.PlaceKind   `json:"place_kind,omitempty" enum:"compartment,shelf,desk" doc:"What the place is; missing: it is no longer in the layout."`
	Resident     locker.RecipientID `json:"resident,omitempty" doc:"Id of whom it is for; missing: unknown."`
	ResidentName string             `json:"resident_name,omitempty" doc:"With the scope pii."`
	Unit         locker.UnitID      `json:"unit,omitempty" doc:"Id of the unit."`
	UnitName     string             `json:"unit_name,omitempty" doc:"Name of the unit." example:"4B"`
	Carrier      locker.CarrierID   `json:"carrier,omitempty" doc:"Id of the carrier." example:"ups"`
	CarrierName  string             `json:"carrier_name,omitempty" doc:"Name of the carrier." example:"UPS"`
	Tracking     string             `json:"tracking,omitempty" doc:"Tracking number; with the scope pii."`
	Size         locker.Size        `json:"size,omitempty" enum:"S,M,L,XL" doc:"Of the parcel."`
	BegunAt      time.Time          `json:"begun_at,omitzero" doc:"When the stay began."`
	StoredAt     time.Time          `json:"stored_at,omitzero" doc:"When it was stored."`
	CollectBy    time.Time          `json:"collect_by,omitzero" doc:"Until when."`
	EndedAt      time.Time          `json:"ended_at,omitzero" doc:"When the stay ended."`
	Evidence     locker.Evidence    `json:"evidence,omitempty" enum:"door_cycle,infrared,weight,person,none" doc:"What the last step rests on."`
	EndReason    string             `json:"end_reason,omitempty" doc:"Why it ended."`
	Problem      locker.Problem     `json:"problem,omitempty" doc:"Last one that was reported."`
	Days         int                `json:"days" doc:"Whole days since it was stored."`
}

func parcelOf(d cloud.Delivery, people bool) Parcel {
	return Parcel{
		ID: d.Parcel, Site: d.Site, Stay: d.Stay, State: d.State, Overdue: d.Overdue, Revoked: d.Revoked, Place: d.Place,
		PlaceName: d.PlaceName, PlaceKind: d.PlaceKind, Resident: d.Recipient, ResidentName: only(people, d.RecipientName),
		Unit: d.Unit, UnitName: d.UnitName, Carrier: d.Carrier, CarrierName: d.CarrierName,
		Tracking: only(people, d.Tracking), Size: d.Size, BegunAt: d.BegunAt, StoredAt: d.StoredAt, CollectBy: d.CollectBy,
		EndedAt: d.EndedAt, Evidence: d.Evidence, EndReason: d.EndReason, Problem: d.Problem, Days: d.Days,
	}
}

// ParcelFilter chooses parcels.
type ParcelFilter struct {
	Paging
	Query string `query:"q" maxLength:"100" doc:"A tracking number or its last four, a unit, or the beginning of a name."`
	State string `query:"state" enum:"waiting,overdue,held,ended,depositing,stored,undoing,collected,removed,undone" doc:"Only parcels in this state."`
}

func (a *API) listAllParcels(ctx context.Context, who cloud.Principal, in *ParcelFilter) (*reply[List[Parcel]], error) {
	return a.findParcels(ctx, who, "", *in)
}

func (a *API) listParcels(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	ParcelFilter
},
) (*reply[List[Parcel]], error) {
	return a.findParcels(ctx, who, in.Site, in.ParcelFilter)
}

func (a *API) findParcels(ctx context.Context, who cloud.Principal, site locker.SiteID, f ParcelFilter) (*reply[List[Parcel]], error) {
	if f.Query != "" {
		if err := needPeople(who, "searching"); err != nil {
			return nil, err
		}
	}
	cursor, err := reveal(f.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := a.cloud.Deliveries(ctx, who, cloud.DeliveryFilter{
		Site: site, Query: f.Query, State: f.State, Cursor: cursor, Limit: f.Limit,
	})
	people := seesPeople(who)
	return answer(listOf(page, func(d cloud.Delivery) Parcel { return parcelOf(d, people) }), err)
}

// TimelineEntry is one fact of custody or of the life of a place.
type TimelineEntry struct {
	At       time.Time       `json:"at" doc:"By the site's clock."`
	Kind     string          `json:"kind" doc:"Which fact." example:"parcel_stored"`
	Place    locker.PlaceID  `json:"place,omitempty" doc:"Id of the place."`
	Stay     locker.StayID   `json:"stay,omitempty" doc:"Id of the stay."`
	Actor    Actor           `json:"actor" doc:"Who."`
	Evidence locker.Evidence `json:"evidence,omitempty" enum:"door_cycle,infrared,weight,person,none" doc:"What it rests on."`
	Purpose  locker.Purpose  `json:"purpose,omitempty" doc:"What an opening was for."`
	Reason   string          `json:"reason,omitempty" doc:"A code or word of the fact."`
	Note     string          `json:"note,omitempty" doc:"What a person typed; with the scope pii."`
	Epoch    uint64          `json:"epoch" doc:"Where it stands in the record."`
	Number   uint64          `json:"number" doc:"Where it stands in the record."`
	Index    int             `json:"index" doc:"Within its operation."`
}

// Actor is who acted.
type Actor struct {
	Kind locker.ActorKind `json:"kind,omitempty" enum:"courier,recipient,delegate,staff,site" doc:"In what role."`
	ID   string           `json:"id,omitempty" doc:"Id of the courier, the resident, the pass or the person of the staff."`
	Name string           `json:"name,omitempty" doc:"With the scope pii."`
}

func entryOf(e cloud.TimelineEntry, people bool) TimelineEntry {
	return TimelineEntry{
		At: e.At, Kind: e.Kind, Place: e.Place, Stay: e.Stay,
		Actor:    Actor{Kind: e.Actor.Kind, ID: e.Actor.ID, Name: only(people, e.ActorName)},
		Evidence: e.Evidence, Purpose: e.Purpose, Reason: e.Reason, Note: only(people, e.Note), Epoch: e.Epoch,
		Number: e.Number, Index: e.Index,
	}
}

// ParcelDetail is a parcel with its custody record.
type ParcelDetail struct {
	Parcel
	Stays    []Parcel        `json:"stays" doc:"All of them, oldest first."`
	Timeline []TimelineEntry `json:"timeline" doc:"Oldest first."`
	Notices  []Notice        `json:"notices" doc:"Messages about it."`
	Actions  []cloud.Action  `json:"actions" doc:"What may be asked of it now."`
}

// Notice is one message to a resident.
type Notice struct {
	ID       string    `json:"id" doc:"Id."`
	Channel  string    `json:"channel" doc:"How it went." example:"email"`
	Kind     string    `json:"kind" doc:"Which one." example:"first"`
	State    string    `json:"state" doc:"How far it is." example:"sent"`
	Attempts int       `json:"attempts" doc:"How often it was tried."`
	Created  time.Time `json:"created_at" doc:"When it was made."`
	Sent     time.Time `json:"sent_at,omitzero" doc:"When it left."`
	Failed   time.Time `json:"failed_at,omitzero" doc:"When it last failed."`
}

func (a *API) getParcel(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Parcel locker.ParcelID `path:"parcel" maxLength:"200" doc:"Id of the parcel." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b21"`
},
) (*reply[ParcelDetail], error) {
	v, err := a.cloud.Parcel(ctx, who, in.Site, in.Parcel)
	if err != nil {
		return nil, err
	}
	people := seesPeople(who)
	return answer(ParcelDetail{
		Parcel:   parcelOf(v.Delivery, people),
		Stays:    each(v.Stays, func(d cloud.Delivery) Parcel { return parcelOf(d, people) }),
		Timeline: each(v.Timeline, func(e cloud.TimelineEntry) TimelineEntry { return entryOf(e, people) }),
		Notices: each(v.Notices, func(n cloud.NoticeView) Notice {
			return Notice{
				ID: n.ID, Channel: n.Channel, Kind: n.Kind, State: n.State, Attempts: n.Attempts, Created: n.Created, Sent: n.Sent,
				Failed: n.Failed,
			}
		}),
		Actions: each(v.Actions, func(x cloud.Action) cloud.Action { return x }),
	}, nil)
}
