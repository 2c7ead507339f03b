package api

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
)

const pdfType = "application/pdf"

func (a *API) registerDesk() {
	add(a, operation{
		method: post, path: "/sites/{site}/parcels", id: "log-delivery", tag: tagDesk, scopes: write(), status: acceptedStatus,
		summary: "Log a delivery to a shelf, the desk or a free door",
		more: "The site answers the intent. With `door` a free door that takes the size opens, which needs the scope `open` too " +
			"and counts as a remote opening.",
	}, a.logDelivery)
	add(a, operation{
		method: post, path: "/sites/{site}/stays/{stay}/undo", id: "undo-delivery", tag: tagDesk, scopes: write(), status: acceptedStatus,
		summary: "Take back a delivery that was logged a moment ago",
		more:    "Of one that was logged with `undo`, or behind a door, which opens once more. The site refuses it when its time is over.",
	}, a.undoDelivery)
	add(a, operation{
		method: post, path: "/sites/{site}/hand-overs", id: "hand-over", tag: tagDesk, scopes: write(), status: acceptedStatus,
		summary: "Hand parcels over the counter", more: "SIGNATURE_NEEDED where the site wants one.",
	}, a.handOver)
	add(a, operation{
		method: post, path: "/sites/{site}/clearances", id: "clear-stays", tag: tagDesk, scopes: write(), status: acceptedStatus,
		summary: "Take parcels off a shelf or the desk",
	}, a.clearStays)
	add(a, operation{
		method: post, path: "/sites/{site}/codes/find", id: "find-by-code", tag: tagDesk, scopes: read(),
		summary: "Find what waits for the holder of a pick-up code", more: "Typed or scanned, in any of its forms.",
		secret: true,
	}, a.findByCode)
	add(a, operation{
		method: get, path: "/sites/{site}/labels", id: "get-labels", tag: tagDesk, stream: true, media: pdfType,
		scopes:  []auth.Scope{auth.ScopeOpen, auth.ScopePII, auth.ScopeWrite},
		summary: "Get slips or labels as a PDF", more: "A slip shows the code of its parcel, and its recipient counts as told.",
	}, a.getLabels)
	add(a, operation{
		method: post, path: "/sites/{site}/labels", id: "print-labels", tag: tagDesk, status: doneStatus,
		scopes:  []auth.Scope{auth.ScopeOpen, auth.ScopePII, auth.ScopeWrite},
		summary: "Print slips or labels", more: "On the label printer of the site, in ZPL. PRINTER_OFFLINE when it does not answer.",
	}, a.printLabels)
	add(a, operation{
		method: post, path: "/sites/{site}/slips", id: "slips-printed", tag: tagDesk, scopes: write(), status: doneStatus,
		summary: "Say that slips were printed elsewhere", more: "Their recipients count as told.",
	}, a.slipsPrinted)
	add(a, operation{
		method: get, path: "/sites/{site}/returns", id: "list-returns", tag: tagDesk, scopes: read(),
		summary: "List the parcels that go back to their senders",
		more:    "Those whose last day to collect lies further back than the return days of the desk's settings; with them at 0 none.",
	}, a.listReturns)
	add(a, operation{
		method: post, path: "/sites/{site}/returns/taken", id: "take-returns", tag: tagDesk, scopes: []auth.Scope{auth.ScopeWrite, auth.ScopePII},
		summary: "Book what a courier scanned as returned", more: "Says what was missing. The site answers the intent.",
	}, a.takeReturns)
	add(a, operation{
		method: get, path: "/sites/{site}/desk", id: "get-desk", tag: tagDesk, scopes: read(),
		summary: "Get the settings of a site's front desk",
	}, a.getDesk)
	add(a, operation{
		method: put, path: "/sites/{site}/desk", id: "set-desk", tag: tagDesk, scopes: write(), status: doneStatus,
		summary: "Replace the settings of a site's front desk",
	}, a.setDesk)
	add(a, operation{
		method: patch, path: "/sites/{site}/banks/{bank}", id: "set-bank-service", tag: tagPlaces, scopes: write(), status: acceptedStatus,
		summary: "Take a whole bank out of service, or put it back", more: "The site answers the intent.",
	}, a.setBankService)
}

// DeliveryDraft is a parcel that staff put on a shelf, at the desk or behind a door.
type DeliveryDraft struct {
	Place    locker.PlaceID     `json:"place,omitempty" doc:"A shelf or the desk; with door a door, missing: the site chooses." example:"room/S3"`
	Resident locker.RecipientID `json:"resident,omitempty" doc:"Id of whom it is for; missing: unknown, kept for staff."`
	Carrier  locker.CarrierID   `json:"carrier,omitempty" doc:"Id of the carrier." example:"ups"`
	Tracking string             `json:"tracking,omitempty" maxLength:"60" doc:"As scanned." example:"1Z999AA10123456784"`
	Size     locker.Size        `json:"size,omitempty" enum:"S,M,L,XL" default:"M" doc:"Of the parcel."`
	Door     bool               `json:"door,omitempty" doc:"Into a free door, which opens."`
	Bank     locker.BankID      `json:"bank,omitempty" maxLength:"200" doc:"Of the door; missing: any."`
	Undo     bool               `json:"undo,omitempty" doc:"It can be taken back for a while; nobody is told before."`
	Note     string             `json:"note,omitempty" maxLength:"500" doc:"For staff."`
}

func (a *API) logDelivery(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body DeliveryDraft
},
) (*made[Named], error) {
	b := in.Body
	return asked(a.desk.LogDelivery(ctx, who, in.Site, desk.Draft{
		Tracking: b.Tracking, Carrier: b.Carrier, Recipient: b.Resident, Size: b.Size, Place: b.Place, Door: b.Door, Bank: b.Bank,
		Undo: b.Undo, Note: b.Note,
	}))
}

func (a *API) undoDelivery(ctx context.Context, who cloud.Principal, in *OfStay) (*made[Named], error) {
	return asked(a.desk.UndoDelivery(ctx, who, in.Site, in.Stay))
}

// HandOverDraft says what was handed to whom.
type HandOverDraft struct {
	Stays     []locker.StayID `json:"stays" minItems:"1" maxItems:"50" doc:"Ids of the stays."`
	To        string          `json:"to" minLength:"1" maxLength:"200" doc:"Who took them." example:"Ana Torres, ID seen"`
	Taker     desk.Taker      `json:"taker,omitempty" enum:"recipient,household,delegate,other" doc:"As what; missing: recipient."`
	Signature string          `json:"signature,omitempty" maxLength:"6000" doc:"Strokes of a pen, \"W H;x,y x,y;x,y\" in pixels, or a typed name after \"=\"." example:"=Ana Torres"`
}

func (a *API) handOver(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body HandOverDraft
},
) (*made[Named], error) {
	return asked(a.desk.HandOver(ctx, who, in.Site, desk.Hand(in.Body)))
}

func (a *API) clearStays(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body struct {
		Stays   []locker.StayID `json:"stays" minItems:"1" maxItems:"50" doc:"Ids of the stays."`
		Outcome string          `json:"outcome" enum:"returned,moved,cleared" doc:"What became of them."`
		Reason  string          `json:"reason" minLength:"3" maxLength:"500" doc:"Why." example:"carrier took it back"`
	}
},
) (*made[Named], error) {
	return asked(a.desk.Clear(ctx, who, in.Site, in.Body.Stays, in.Body.Outcome, in.Body.Reason))
}

func (a *API) findByCode(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"100" doc:"As typed or scanned." example:"K7M-4PX-9TD"`
	}
},
) (*reply[List[Parcel]], error) {
	found, err := a.desk.FindByCode(ctx, who, in.Site, in.Body.Code)
	people := seesPeople(who)
	return answer(List[Parcel]{Items: each(found, func(d cloud.Delivery) Parcel { return parcelOf(d, people) })}, err)
}

// PrintDraft is something to print.
type PrintDraft struct {
	Kind     desk.Kind        `json:"kind" enum:"slip,parcel,place" doc:"A slip for a recipient, a label for a parcel, or one for a shelf."`
	Stays    []locker.StayID  `json:"stays,omitempty" maxItems:"200" doc:"Of slips and parcel labels: ids of the stays."`
	Places   []locker.PlaceID `json:"places,omitempty" maxItems:"200" doc:"Of place labels: ids of the places."`
	Language string           `json:"language,omitempty" maxLength:"20" doc:"Of the words; missing: the site's first." example:"es"`
}

func (a *API) printLabels(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body PrintDraft
},
) (*none, error) {
	return done(a.desk.Print(ctx, who, in.Site, desk.Print(in.Body)))
}

func (a *API) getLabels(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Kind     desk.Kind        `query:"kind" required:"true" enum:"slip,parcel,place" doc:"A slip for a recipient, a label for a parcel, or one for a shelf."`
	Stays    []locker.StayID  `query:"stays" maxItems:"200" doc:"Of slips and parcel labels: ids of the stays."`
	Places   []locker.PlaceID `query:"places" maxItems:"200" doc:"Of place labels: ids of the places."`
	Language string           `query:"lang" maxLength:"20" doc:"Of the words; missing: the site's first." example:"es"`
},
) (*huma.StreamResponse, error) {
	paper, err := a.desk.PDF(ctx, who, in.Site, desk.Print{Kind: in.Kind, Stays: in.Stays, Places: in.Places, Language: in.Language})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", pdfType)
		hc.SetHeader("Content-Length", strconv.Itoa(len(paper)))
		hc.SetHeader("Content-Disposition", `attachment; filename="labels.pdf"`)
		hc.SetHeader("Cache-Control", "no-store")
		if _, err := hc.BodyWriter().Write(paper); err != nil {
			a.log.DebugContext(ctx, "labels were not read to their end", slog.Any("error", err))
		}
	}}, nil
}

func (a *API) slipsPrinted(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body struct {
		Stays []locker.StayID `json:"stays" minItems:"1" maxItems:"200" doc:"Ids of the stays."`
	}
},
) (*none, error) {
	return done(a.desk.Printed(ctx, who, in.Site, in.Body.Stays))
}

// DeskSettings are the settings of a site's front desk.
type DeskSettings struct {
	Signature  string `json:"signature,omitempty" enum:"others,always" doc:"Of whoever takes a parcel; missing: never. Others: of everybody but the recipient."`
	Printer    string `json:"printer,omitempty" maxLength:"200" doc:"Host and port of a label printer that reads ZPL; without a port 9100." example:"10.0.0.7:9100"`
	WidthMM    int    `json:"label_width_mm,omitempty" doc:"Width of a label in millimetres, 50 to 220; missing: 102."`
	HeightMM   int    `json:"label_height_mm,omitempty" doc:"Height of a label in millimetres, 40 to 310; missing: 76."`
	DotsPerMM  int    `json:"label_dots_per_mm,omitempty" doc:"Fineness of the printer: 8, 12 or 24; missing: 8."`
	ReturnDays int    `json:"return_days,omitempty" minimum:"0" maximum:"365" doc:"Days after its collect-by until a parcel goes back to its sender; missing: never by itself."`
}

func (a *API) getDesk(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[DeskSettings], error) {
	v, err := a.cloud.Site(ctx, who, in.Site)
	s := v.Settings.Desk
	return answer(DeskSettings{
		Signature: s.Signature, Printer: s.Printer, WidthMM: s.Label.WidthMM, HeightMM: s.Label.HeightMM,
		DotsPerMM: s.Label.DotsPerMM, ReturnDays: s.ReturnDays,
	}, err)
}

func (a *API) setDesk(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body DeskSettings
},
) (*none, error) {
	b := in.Body
	return done(a.desk.SetDesk(ctx, who, in.Site, cloud.DeskSettings{
		Signature: b.Signature, Printer: b.Printer, ReturnDays: b.ReturnDays,
		Label: cloud.LabelSize{WidthMM: b.WidthMM, HeightMM: b.HeightMM, DotsPerMM: b.DotsPerMM},
	}))
}

func (a *API) setBankService(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Bank locker.BankID `path:"bank" maxLength:"200" doc:"Id of the bank." example:"main"`
	Body struct {
		Out    bool   `json:"out_of_service" doc:"True takes it out, false puts it back."`
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why." example:"floor is wet"`
	}
},
) (*made[Named], error) {
	return asked(a.desk.SetBankService(ctx, who, in.Site, in.Bank, in.Body.Out, in.Body.Reason))
}

func (a *API) listReturns(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Carrier locker.CarrierID `query:"carrier" maxLength:"200" doc:"Only of this carrier." example:"ups"`
},
) (*reply[List[Parcel]], error) {
	found, err := a.desk.Returns(ctx, who, in.Site, in.Carrier)
	return answer(List[Parcel]{Items: parcelsOf(found, seesPeople(who))}, err)
}

func parcelsOf(found []cloud.Delivery, people bool) []Parcel {
	return each(found, func(d cloud.Delivery) Parcel { return parcelOf(d, people) })
}

// ReturnRound is what a courier takes back.
type ReturnRound struct {
	Carrier locker.CarrierID `json:"carrier,omitempty" maxLength:"200" doc:"Whose parcels; missing: all." example:"ups"`
	Courier string           `json:"courier" minLength:"1" maxLength:"200" doc:"Who took them." example:"UPS route 12"`
	Labels  []string         `json:"labels" maxItems:"500" doc:"Tracking numbers as scanned."`
}

// ReturnsTaken is what came of a round.
type ReturnsTaken struct {
	Intent  locker.IntentID `json:"intent,omitempty" doc:"Id of the intent; missing: nothing fit."`
	Taken   []Parcel        `json:"taken" doc:"Booked as returned."`
	Missing []Parcel        `json:"missing" doc:"On the list, and not scanned."`
	Doors   []Parcel        `json:"doors" doc:"Scanned, and booked behind a door: it is cleared at the kiosk."`
	Unknown []string        `json:"unknown" doc:"Scanned, and not on the list."`
}

func (a *API) takeReturns(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Body ReturnRound
},
) (*reply[ReturnsTaken], error) {
	t, err := a.desk.TakeReturns(ctx, who, in.Site, desk.Round(in.Body))
	people := seesPeople(who)
	return answer(ReturnsTaken{
		Intent: t.Intent, Taken: parcelsOf(t.Taken, people), Missing: parcelsOf(t.Missing, people), Doors: parcelsOf(t.Doors, people),
		Unknown: each(t.Unknown, func(s string) string { return s }),
	}, err)
}
