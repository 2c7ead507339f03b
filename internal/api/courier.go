package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Carrier is a company that delivers.
type Carrier struct {
	ID   locker.CarrierID `json:"id" doc:"Id." example:"ups"`
	Name string           `json:"name" doc:"Name." example:"UPS"`
}

func (a *API) listCarriers(ctx context.Context, _ cloud.Principal, in *Paging) (*reply[List[Carrier]], error) {
	all, err := a.cloud.Carriers(ctx)
	if err != nil {
		return nil, err
	}
	page, err := cut(all, *in, func(c cloud.CarrierView) string { return string(c.ID) })
	return answer(listOf(page, func(c cloud.CarrierView) Carrier { return Carrier(c) }), err)
}

func (a *API) putCarrier(ctx context.Context, who cloud.Principal, in *struct {
	Carrier locker.CarrierID `path:"carrier" maxLength:"50" doc:"Id of the carrier." example:"ups"`
	Body    struct {
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"Name." example:"UPS"`
	}
},
) (*none, error) {
	return done(a.cloud.PutCarrier(ctx, who, cloud.CarrierView{ID: in.Carrier, Name: in.Body.Name}))
}

// Courier is a courier's access to a site.
type Courier struct {
	ID          locker.CourierID `json:"id" doc:"Id."`
	Carrier     locker.CarrierID `json:"carrier" doc:"Id of the carrier." example:"ups"`
	CarrierName string           `json:"carrier_name" doc:"Name of the carrier." example:"UPS"`
	Name        string           `json:"name,omitempty" doc:"Of the courier; with the scope pii."`
	From        time.Time        `json:"from,omitzero" doc:"Missing: since ever."`
	Until       time.Time        `json:"until,omitzero" doc:"Missing: no end."`
	Revoked     bool             `json:"revoked" doc:"The code does not work."`
}

func (a *API) listCouriers(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Paging
},
) (*reply[List[Courier]], error) {
	all, err := a.cloud.Couriers(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	people := seesPeople(who)
	page, err := cut(all, in.Paging, func(c cloud.CourierView) string { return string(c.ID) })
	return answer(listOf(page, func(c cloud.CourierView) Courier {
		return Courier{
			ID: c.ID, Carrier: c.Carrier, CarrierName: c.CarrierName, Name: only(people, c.Name), From: c.From, Until: c.Until,
			Revoked: c.Revoked,
		}
	}), err)
}

func (a *API) createCourier(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body struct {
		Carrier locker.CarrierID `json:"carrier" minLength:"1" doc:"Id of the carrier." example:"ups"`
		Name    string           `json:"name" minLength:"1" maxLength:"100" doc:"Of the courier or the device." example:"Route 12"`
		From    time.Time        `json:"from,omitzero" doc:"Missing: since ever."`
		Until   time.Time        `json:"until,omitzero" doc:"Missing: no end."`
	}
},
) (*made[Named], error) {
	id, err := a.cloud.PutCourier(ctx, who, in.Site, cloud.CourierDraft{
		Carrier: in.Body.Carrier, Name: in.Body.Name, From: in.Body.From, Until: in.Body.Until,
	})
	return named(id, err, "/sites/"+segment(in.Site)+"/couriers/%s")
}

// CourierEdit is what changes of a courier's access.
type CourierEdit struct {
	Carrier Edit[locker.CarrierID] `json:"carrier,omitzero" doc:"Id of the carrier."`
	Name    Edit[string]           `json:"name,omitzero" maxLength:"100" doc:"Of the courier or the device."`
	From    Edit[time.Time]        `json:"from,omitzero" doc:"Null: since ever."`
	Until   Edit[time.Time]        `json:"until,omitzero" doc:"Null: no end."`
	Revoked Edit[bool]             `json:"revoked,omitzero" doc:"True: the code does not work."`
	NewCode bool                   `json:"new_code,omitempty" doc:"The old code is worthless from now on."`
}

func (a *API) courier(ctx context.Context, who cloud.Principal, site locker.SiteID, id locker.CourierID) (cloud.CourierView, error) {
	all, err := a.cloud.Couriers(ctx, who, site)
	if err != nil {
		return cloud.CourierView{}, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return cloud.CourierView{}, locker.Errorf(locker.CodeNotFound, "no such courier at this site")
}

func (a *API) updateCourier(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Courier locker.CourierID `path:"courier" maxLength:"200" doc:"Id of the access."`
	Body    CourierEdit
},
) (*none, error) {
	c, err := a.courier(ctx, who, in.Site, in.Courier)
	if err != nil {
		return nil, err
	}
	d := cloud.CourierDraft{
		ID: c.ID, Carrier: c.Carrier, Name: c.Name, From: c.From, Until: c.Until, Revoked: c.Revoked, NewCode: in.Body.NewCode,
	}
	in.Body.Carrier.put(&d.Carrier)
	in.Body.Name.put(&d.Name)
	in.Body.From.put(&d.From)
	in.Body.Until.put(&d.Until)
	in.Body.Revoked.put(&d.Revoked)
	_, err = a.cloud.PutCourier(ctx, who, in.Site, d)
	return done(err)
}

// Code is a code in its three forms. Show it to its holder only.
type Code struct {
	Symbols string `json:"symbols" doc:"For touch screens." example:"K7M-4PX-9TD"`
	Token   string `json:"token" doc:"Text of the QR code."`
	Unit    string `json:"unit,omitempty" doc:"What to type before the digits on a keypad." example:"402"`
	Digits  string `json:"digits" doc:"For keypads." example:"419-220-753"`
}

func (a *API) showCourierCode(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Courier locker.CourierID `path:"courier" maxLength:"200" doc:"Id of the access."`
},
) (*reply[Code], error) {
	if _, err := a.courier(ctx, who, in.Site, in.Courier); err != nil {
		return nil, err
	}
	code, err := a.cloud.CourierCode(ctx, who, in.Courier)
	return answer(Code(code), err)
}
