package console

import (
	"context"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// The interfaces below are what each group of pages asks of a Cloud; see there for what the
// methods do.

type accounts interface {
	SignIn(ctx context.Context, email, password, agent string) (auth.Secret, error)
	SignOut(ctx context.Context, secret auth.Secret) error
	Session(ctx context.Context, secret auth.Secret) (cloud.Principal, error)
}

type walls interface {
	Wall(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.Wall, error)
	Subscribe(ctx context.Context, p cloud.Principal, site locker.SiteID) (<-chan cloud.Change, error)
	DoorSheet(ctx context.Context, p cloud.Principal, site locker.SiteID, place locker.PlaceID) (cloud.DoorSheet, error)
}

// asking is for intents: what a site is asked to do.
type asking interface {
	Await(ctx context.Context, p cloud.Principal, id locker.IntentID) (cloud.IntentView, error)
	RemoteOpen(ctx context.Context, p cloud.Principal, site locker.SiteID, place locker.PlaceID, reason string) (locker.IntentID, error)
	SetService(ctx context.Context, p cloud.Principal, site locker.SiteID, place locker.PlaceID, out bool, reason string) (locker.IntentID, error)
	Verify(ctx context.Context, p cloud.Principal, site locker.SiteID, place locker.PlaceID, occupied bool) (locker.IntentID, error)
	ReissueCode(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID, reason string) (locker.IntentID, error)
	Reboot(ctx context.Context, p cloud.Principal, site locker.SiteID, reason string) (locker.IntentID, error)
	CancelReservation(ctx context.Context, p cloud.Principal, site locker.SiteID, id locker.ReservationID) (locker.IntentID, error)
}

// orders change who may collect a parcel and until when.
type orders interface {
	ReassignStay(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID, to locker.RecipientID, reason string) error
	RevokeStay(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID, reason string) error
	RestoreStay(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID, reason string) error
	HoldStay(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID, until time.Time, reason string) error
	StayCode(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID, reason string) (cloud.Code, error)
}

type parcels interface {
	Activity(ctx context.Context, p cloud.Principal, site locker.SiteID, limit int) ([]cloud.ActivityEntry, error)
	Deliveries(ctx context.Context, p cloud.Principal, f cloud.DeliveryFilter) (cloud.Page[cloud.Delivery], error)
	Parcel(ctx context.Context, p cloud.Principal, site locker.SiteID, id locker.ParcelID) (cloud.ParcelView, error)
	DeliveriesOf(ctx context.Context, p cloud.Principal, site locker.SiteID, stays []locker.StayID) ([]cloud.Delivery, error)
}

type incidents interface {
	Incidents(ctx context.Context, p cloud.Principal, f cloud.IncidentFilter) (cloud.Page[cloud.IncidentView], error)
	Incident(ctx context.Context, p cloud.Principal, id string) (cloud.IncidentView, error)
	OpenIncidents(ctx context.Context, p cloud.Principal) (int, error)
	AssignIncident(ctx context.Context, p cloud.Principal, id, user string) error
	NoteIncident(ctx context.Context, p cloud.Principal, id, text string) error
	ResolveIncident(ctx context.Context, p cloud.Principal, id, resolution string) error
}

type people interface {
	Recipients(ctx context.Context, p cloud.Principal, f cloud.RecipientFilter) (cloud.Page[cloud.RecipientView], error)
	Recipient(ctx context.Context, p cloud.Principal, id locker.RecipientID) (cloud.RecipientView, error)
	FindRecipients(ctx context.Context, p cloud.Principal, site locker.SiteID, text string) ([]cloud.RecipientView, error)
	Units(ctx context.Context, p cloud.Principal, site locker.SiteID, cursor string, limit int) (cloud.Page[cloud.UnitView], error)
	PutUnit(ctx context.Context, p cloud.Principal, property string, d cloud.UnitDraft) (locker.UnitID, error)
	PutRecipient(ctx context.Context, p cloud.Principal, property string, d cloud.RecipientDraft) (locker.RecipientID, error)
	RecipientLink(ctx context.Context, p cloud.Principal, id locker.RecipientID) (string, error)
	RenewRecipientLink(ctx context.Context, p cloud.Principal, id locker.RecipientID) (string, error)
}

type couriers interface {
	Carriers(ctx context.Context) ([]cloud.CarrierView, error)
	PutCarrier(ctx context.Context, p cloud.Principal, v cloud.CarrierView) error
	Couriers(ctx context.Context, p cloud.Principal, site locker.SiteID) ([]cloud.CourierView, error)
	PutCourier(ctx context.Context, p cloud.Principal, site locker.SiteID, d cloud.CourierDraft) (locker.CourierID, error)
	CourierCode(ctx context.Context, p cloud.Principal, id locker.CourierID) (cloud.Code, error)
}

type sites interface {
	Sites(ctx context.Context, p cloud.Principal) ([]cloud.SiteSummary, error)
	Site(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteView, error)
	SiteHealth(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteHealth, error)
	CreateEnrolToken(ctx context.Context, p cloud.Principal, site locker.SiteID) (auth.Secret, error)
}
