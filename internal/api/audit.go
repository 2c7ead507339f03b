package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Act is a privileged act: who did what, and why.
type Act struct {
	At       time.Time `json:"at" doc:"When."`
	User     string    `json:"user,omitempty" doc:"Id of the user; missing: the command line."`
	UserName string    `json:"user_name,omitempty" doc:"With the scope pii."`
	Via      string    `json:"via" doc:"console, api, cli or enrolment." example:"console"`
	Kind     string    `json:"kind" doc:"What." example:"revoke_stay"`
	Subject  string    `json:"subject,omitempty" doc:"Id of the stay, place, person or token."`
	Reason   string    `json:"reason,omitempty" doc:"Why; with the scope pii."`
}

func (a *API) listActs(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Paging
},
) (*reply[List[Act]], error) {
	cursor, err := reveal(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := a.cloud.Acts(ctx, who, in.Site, cursor, in.Limit)
	people := seesPeople(who)
	return answer(listOf(page, func(v cloud.ActView) Act {
		return Act{
			At: v.At, User: v.User, UserName: only(people, v.UserName), Via: v.Via, Kind: v.Kind, Subject: v.Subject,
			Reason: only(people, v.Reason),
		}
	}), err)
}

// Refusal is a parcel that was not taken.
type Refusal struct {
	At       time.Time          `json:"at" doc:"By the site's clock."`
	Actor    Actor              `json:"actor" doc:"Who brought it."`
	Carrier  locker.CarrierID   `json:"carrier,omitempty" doc:"Id of the carrier." example:"ups"`
	Resident locker.RecipientID `json:"resident,omitempty" doc:"Id of whom it was for; missing: unknown."`
	Reason   locker.Code        `json:"reason" doc:"Why it was not taken." example:"BANK_FULL"`
	Size     locker.Size        `json:"size,omitempty" enum:"S,M,L,XL" doc:"Of the parcel."`
	Tracking string             `json:"tracking,omitempty" doc:"Tracking number; with the scope pii."`
}

func (a *API) listRefusals(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"The latest so many."`
},
) (*reply[List[Refusal]], error) {
	latest, err := a.cloud.Refusals(ctx, who, in.Site, in.Limit)
	people := seesPeople(who)
	return answer(listOf(cloud.Page[cloud.RefusalView]{Items: latest}, func(v cloud.RefusalView) Refusal {
		return Refusal{
			At: v.At, Actor: Actor{Kind: v.Actor.Kind, ID: v.Actor.ID}, Carrier: v.Carrier, Resident: v.Recipient,
			Reason: v.Reason, Size: v.Size, Tracking: only(people, v.Tracking),
		}
	}), err)
}
