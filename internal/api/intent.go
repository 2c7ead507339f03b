package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Intent is something that was asked of a site, and its answer.
type Intent struct {
	ID         locker.IntentID   `json:"id" doc:"Id."`
	Site       locker.SiteID     `json:"site" doc:"Id of the site." example:"harbour-view"`
	Kind       wire.IntentKind   `json:"kind" doc:"What was asked." example:"open"`
	Place      locker.PlaceID    `json:"place,omitempty" doc:"Id of the place." example:"main/B07"`
	Stay       locker.StayID     `json:"stay,omitempty" doc:"Id of the stay."`
	User       string            `json:"user,omitempty" doc:"Id of who asked; missing: a resident."`
	UserName   string            `json:"user_name,omitempty" doc:"With the scope pii."`
	Reason     string            `json:"reason,omitempty" doc:"Why; with the scope pii."`
	State      cloud.IntentState `json:"state" enum:"pending,done,refused,expired" doc:"How far it is. Expired: nothing will happen."`
	Code       locker.Code       `json:"code,omitempty" doc:"Why the site refused." example:"DOOR_BUSY"`
	CreatedAt  time.Time         `json:"created_at" doc:"When it was asked."`
	ExpiresAt  time.Time         `json:"expires_at" doc:"When it has no effect any more."`
	AnsweredAt time.Time         `json:"answered_at,omitzero" doc:"When the site answered."`
}

func intentOf(i cloud.IntentView, people bool) Intent {
	return Intent{
		ID: i.ID, Site: i.Site, Kind: i.Kind, Place: i.Place, Stay: i.Stay, User: i.User, UserName: only(people, i.UserName),
		Reason: only(people, i.Reason), State: i.State, Code: i.Code, CreatedAt: i.Created, ExpiresAt: i.Expires,
		AnsweredAt: i.Answered,
	}
}

func (a *API) getIntent(ctx context.Context, who cloud.Principal, in *struct {
	Intent locker.IntentID `path:"intent" maxLength:"200" doc:"Id of the intent."`
	Wait   int             `query:"wait" minimum:"0" maximum:"10" doc:"Seconds to wait for the site's answer at most."`
},
) (*reply[Intent], error) {
	look := a.cloud.Intent
	if in.Wait > 0 {
		wait, cancel := context.WithTimeout(ctx, time.Duration(in.Wait)*time.Second)
		defer cancel()
		ctx, look = wait, a.cloud.Await
	}
	i, err := look(ctx, who, in.Intent)
	return answer(intentOf(i, seesPeople(who)), err)
}

// ReservationDraft is a compartment to keep free.
type ReservationDraft struct {
	Place   locker.PlaceID   `json:"place,omitempty" doc:"Missing: one of the size." example:"main/B07"`
	Size    locker.Size      `json:"size,omitempty" enum:"S,M,L,XL" doc:"Of the parcel to come."`
	Unit    locker.UnitID    `json:"unit,omitempty" doc:"For whom: a unit."`
	Courier locker.CourierID `json:"courier,omitempty" doc:"For whom: a courier."`
	Until   time.Time        `json:"until" doc:"When it ends."`
}

func (a *API) reserve(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body ReservationDraft
},
) (*made[Named], error) {
	return asked(a.cloud.Reserve(ctx, who, in.Site, cloud.ReserveDraft(in.Body)))
}

func (a *API) cancelReservation(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Reservation locker.ReservationID `path:"reservation" maxLength:"200" doc:"Id of the reservation."`
},
) (*made[Named], error) {
	return asked(a.cloud.CancelReservation(ctx, who, in.Site, in.Reservation))
}

func (a *API) reboot(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body Reasoned
},
) (*made[Named], error) {
	return asked(a.cloud.Reboot(ctx, who, in.Site, in.Body.Reason))
}
