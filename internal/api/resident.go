package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Unit is an apartment, an office, a department or the property itself.
type Unit struct {
	ID        locker.UnitID   `json:"id" doc:"Id."`
	Kind      locker.UnitKind `json:"kind" enum:"apartment,office,department,property" doc:"What it is."`
	Name      string          `json:"name" doc:"As people say it." example:"4B"`
	Number    string          `json:"number" doc:"Digits for keypads." example:"402"`
	Residents int             `json:"residents" doc:"Active ones."`
}

func (a *API) listUnits(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Paging
},
) (*reply[List[Unit]], error) {
	cursor, err := reveal(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := a.cloud.Units(ctx, who, in.Site, cursor, in.Limit)
	return answer(listOf(page, func(u cloud.UnitView) Unit {
		return Unit{ID: u.ID, Kind: u.Kind, Name: u.Name, Number: u.Number, Residents: u.Recipients}
	}), err)
}

// UnitDraft is a unit to create or to replace.
type UnitDraft struct {
	Kind   locker.UnitKind `json:"kind,omitempty" enum:"apartment,office,department,property" default:"apartment" doc:"What it is."`
	Name   string          `json:"name" minLength:"1" maxLength:"40" doc:"As people say it." example:"4B"`
	Number string          `json:"number,omitempty" maxLength:"10" doc:"Digits for keypads; empty: the digits of the name." example:"402"`
}

func (a *API) putUnit(ctx context.Context, who cloud.Principal, site locker.SiteID, id locker.UnitID, d UnitDraft) (locker.UnitID, error) {
	v, err := a.cloud.Site(ctx, who, site)
	if err != nil {
		return "", err
	}
	return a.cloud.PutUnit(ctx, who, v.Property, cloud.UnitDraft{ID: id, Kind: d.Kind, Name: d.Name, Number: d.Number})
}

func (a *API) createUnit(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body UnitDraft
},
) (*made[Named], error) {
	id, err := a.putUnit(ctx, who, in.Site, "", in.Body)
	return named(id, err, "/sites/"+segment(in.Site)+"/units/%s")
}

func (a *API) updateUnit(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Unit locker.UnitID `path:"unit" maxLength:"200" doc:"Id of the unit."`
	Body UnitDraft
},
) (*none, error) {
	_, err := a.putUnit(ctx, who, in.Site, in.Unit, in.Body)
	return done(err)
}

// Resident is whoever a parcel can be for.
type Resident struct {
	ID            locker.RecipientID   `json:"id" doc:"Id."`
	Property      string               `json:"property" doc:"Id of the property."`
	Kind          locker.RecipientKind `json:"kind" enum:"resident,employee,office" doc:"Who it is."`
	Unit          locker.UnitID        `json:"unit" doc:"Id of the unit."`
	UnitName      string               `json:"unit_name" doc:"Name of the unit." example:"4B"`
	Name          string               `json:"name" doc:"Name." example:"Ana Torres"`
	Email         string               `json:"email,omitempty" doc:"Where messages go."`
	Phone         string               `json:"phone,omitempty" doc:"E.164." example:"+34600000000"`
	Language      string               `json:"language,omitempty" doc:"BCP 47; missing: the site's first." example:"es"`
	LowDoor       bool                 `json:"low_door" doc:"Needs a door within reach, never a high one."`
	Inactive      bool                 `json:"inactive" doc:"Nothing new is stored for them."`
	VacationUntil time.Time            `json:"vacation_until,omitzero" doc:"Parcels are held and reminders pause until then."`
	QuietFrom     int                  `json:"quiet_from" doc:"No messages from this minute of the day of the property; the same as quiet_to: none."`
	QuietTo       int                  `json:"quiet_to" doc:"Until this minute of the day."`
	Source        string               `json:"source,omitempty" doc:"System that they came from."`
	ExternalID    string               `json:"external_id,omitempty" doc:"Id in that system."`
	Waiting       int                  `json:"waiting" doc:"Parcels that wait for them."`
}

func residentOf(r cloud.RecipientView) Resident {
	return Resident{
		ID: r.ID, Property: r.Property, Kind: r.Kind, Unit: r.Unit, UnitName: r.UnitName, Name: r.Name, Email: r.Email,
		Phone: r.Phone, Language: r.Language, LowDoor: r.LowDoor, Inactive: r.Inactive, VacationUntil: r.VacationUntil,
		QuietFrom: r.QuietFrom, QuietTo: r.QuietTo, Source: r.Source, ExternalID: r.ExternalID, Waiting: r.Waiting,
	}
}

func (a *API) listResidents(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Paging
	Query    string `query:"q" maxLength:"100" doc:"A unit, or the beginning of a word of the name."`
	Inactive bool   `query:"inactive" doc:"Those who are inactive too."`
},
) (*reply[List[Resident]], error) {
	cursor, err := reveal(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := a.cloud.Recipients(ctx, who, cloud.RecipientFilter{
		Site: in.Site, Query: in.Query, Inactive: in.Inactive, Cursor: cursor, Limit: in.Limit,
	})
	return answer(listOf(page, residentOf), err)
}

func (a *API) getResident(ctx context.Context, who cloud.Principal, in *OfResident) (*reply[Resident], error) {
	r, err := a.cloud.Recipient(ctx, who, in.Resident)
	return answer(residentOf(r), err)
}

// ResidentDraft is a resident to create.
type ResidentDraft struct {
	Kind          locker.RecipientKind `json:"kind,omitempty" enum:"resident,employee,office" default:"resident" doc:"Who it is."`
	Unit          locker.UnitID        `json:"unit" minLength:"1" doc:"Id of the unit."`
	Name          string               `json:"name" minLength:"1" maxLength:"200" doc:"Name." example:"Ana Torres"`
	Email         string               `json:"email,omitempty" maxLength:"254" doc:"Where messages go."`
	Phone         string               `json:"phone,omitempty" maxLength:"30" doc:"E.164." example:"+34600000000"`
	Language      string               `json:"language,omitempty" maxLength:"35" doc:"BCP 47." example:"es"`
	LowDoor       bool                 `json:"low_door,omitempty" doc:"Needs a door within reach."`
	VacationUntil time.Time            `json:"vacation_until,omitzero" doc:"Hold parcels until then."`
	QuietFrom     int                  `json:"quiet_from,omitempty" minimum:"0" maximum:"1439" doc:"Minute of the day."`
	QuietTo       int                  `json:"quiet_to,omitempty" minimum:"0" maximum:"1439" doc:"Minute of the day."`
	Source        string               `json:"source,omitempty" maxLength:"50" doc:"System that they come from."`
	ExternalID    string               `json:"external_id,omitempty" maxLength:"200" doc:"Id in that system."`
}

func (a *API) createResident(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body ResidentDraft
},
) (*made[Named], error) {
	v, err := a.cloud.Site(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	b := in.Body
	id, err := a.cloud.PutRecipient(ctx, who, v.Property, cloud.RecipientDraft{
		Kind: b.Kind, Unit: b.Unit, Name: b.Name, Email: b.Email, Phone: b.Phone, Language: b.Language, LowDoor: b.LowDoor,
		VacationUntil: b.VacationUntil, QuietFrom: b.QuietFrom, QuietTo: b.QuietTo, Source: b.Source, ExternalID: b.ExternalID,
	})
	return named(id, err, "/residents/%s")
}

// ResidentEdit is what changes of a resident.
type ResidentEdit struct {
	Kind          Edit[locker.RecipientKind] `json:"kind,omitzero" doc:"resident, employee or office."`
	Unit          Edit[locker.UnitID]        `json:"unit,omitzero" doc:"Id of the unit."`
	Name          Edit[string]               `json:"name,omitzero" maxLength:"200" doc:"Name."`
	Email         Edit[string]               `json:"email,omitzero" maxLength:"254" doc:"Where messages go."`
	Phone         Edit[string]               `json:"phone,omitzero" maxLength:"30" doc:"E.164."`
	Language      Edit[string]               `json:"language,omitzero" maxLength:"35" doc:"BCP 47."`
	LowDoor       Edit[bool]                 `json:"low_door,omitzero" doc:"Needs a door within reach."`
	Inactive      Edit[bool]                 `json:"inactive,omitzero" doc:"Nothing new is stored for them."`
	VacationUntil Edit[time.Time]            `json:"vacation_until,omitzero" doc:"Hold parcels until then."`
	QuietFrom     Edit[int]                  `json:"quiet_from,omitzero" minimum:"0" maximum:"1439" doc:"Minute of the day."`
	QuietTo       Edit[int]                  `json:"quiet_to,omitzero" minimum:"0" maximum:"1439" doc:"Minute of the day."`
}

// editResident reads a resident, changes the draft and writes it back.
func (a *API) editResident(ctx context.Context, who cloud.Principal, id locker.RecipientID, change func(*cloud.RecipientDraft)) (*none, error) {
	r, err := a.cloud.Recipient(ctx, who, id)
	if err != nil {
		return nil, err
	}
	d := cloud.RecipientDraft{
		ID: r.ID, Kind: r.Kind, Unit: r.Unit, Name: r.Name, Email: r.Email, Phone: r.Phone, Language: r.Language,
		LowDoor: r.LowDoor, Inactive: r.Inactive, VacationUntil: r.VacationUntil, QuietFrom: r.QuietFrom, QuietTo: r.QuietTo,
		Source: r.Source, ExternalID: r.ExternalID,
	}
	change(&d)
	_, err = a.cloud.PutRecipient(ctx, who, r.Property, d)
	return done(err)
}

func (a *API) updateResident(ctx context.Context, who cloud.Principal, in *struct {
	OfResident
	Body ResidentEdit
},
) (*none, error) {
	b := in.Body
	return a.editResident(ctx, who, in.Resident, func(d *cloud.RecipientDraft) {
		b.Kind.put(&d.Kind)
		b.Unit.put(&d.Unit)
		b.Name.put(&d.Name)
		b.Email.put(&d.Email)
		b.Phone.put(&d.Phone)
		b.Language.put(&d.Language)
		b.LowDoor.put(&d.LowDoor)
		b.Inactive.put(&d.Inactive)
		b.VacationUntil.put(&d.VacationUntil)
		b.QuietFrom.put(&d.QuietFrom)
		b.QuietTo.put(&d.QuietTo)
	})
}

func (a *API) deactivateResident(ctx context.Context, who cloud.Principal, in *OfResident) (*none, error) {
	return a.editResident(ctx, who, in.Resident, func(d *cloud.RecipientDraft) { d.Inactive = true })
}

// Link is the address of a resident's page.
type Link struct {
	URL string `json:"url" doc:"Whoever has it sees the codes of what waits: send it to the resident only."`
}

func (a *API) showResidentLink(ctx context.Context, who cloud.Principal, in *OfResident) (*reply[Link], error) {
	address, err := a.cloud.RecipientLink(ctx, who, in.Resident)
	return answer(Link{URL: address}, err)
}

func (a *API) renewResidentLink(ctx context.Context, who cloud.Principal, in *OfResident) (*reply[Link], error) {
	address, err := a.cloud.RenewRecipientLink(ctx, who, in.Resident)
	return answer(Link{URL: address}, err)
}
