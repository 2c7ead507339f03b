package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// SiteHealth is how a site is.
type SiteHealth struct {
	Site       Site                      `json:"site" doc:"The site."`
	Controller *Controller               `json:"controller,omitempty" doc:"What the controller last said of itself; missing: it never did."`
	ClockBad   bool                      `json:"clock_doubted" doc:"Its clock cannot be trusted."`
	Audit      bool                      `json:"audit" doc:"Places are unverified until somebody looked."`
	Parts      map[string][]locker.Fault `json:"parts" doc:"Faults of buses and boards, by name."`
	Record     Record                    `json:"record" doc:"What the server has of its record."`
}

// Controller is what a controller last said of itself.
type Controller struct {
	At           time.Time     `json:"at" doc:"When the server heard it."`
	Version      string        `json:"version" doc:"Of the program."`
	UptimeSecond int64         `json:"uptime_seconds" doc:"Since it started."`
	ClockTrusted bool          `json:"clock_trusted" doc:"It trusts its clock."`
	ClockOffset  int64         `json:"clock_offset_ms" doc:"Server's clock minus its own, in milliseconds; 0: unknown."`
	DiskFree     uint64        `json:"disk_free_bytes" doc:"Of the file system that holds the journal."`
	DiskTotal    uint64        `json:"disk_total_bytes" doc:"Of the file system that holds the journal."`
	Directory    uint64        `json:"directory_rev" doc:"Revision of its replica."`
	Sealed       string        `json:"sealed_journal,omitempty" doc:"Name of a journal that was sealed."`
	Doors        Doors         `json:"doors" doc:"Counts of doors."`
	Buses        []Bus         `json:"buses" doc:"Lines that lock boards hang on."`
	Boards       []Board       `json:"boards" doc:"Lock boards."`
	Readings     []Measurement `json:"readings" doc:"Measurements."`
	KioskSeenAt  time.Time     `json:"kiosk_seen_at,omitzero" doc:"Last word of a kiosk, by the site's clock."`
	Via          string        `json:"via,omitempty" doc:"How it reaches the server: websocket or https."`
}

// Doors counts doors.
type Doors struct {
	Total    int `json:"total" doc:"All."`
	Open     int `json:"open" doc:"Stand open."`
	Occupied int `json:"occupied" doc:"Hold a parcel."`
	Out      int `json:"out_of_service" doc:"Out of service."`
	Faulty   int `json:"faulty" doc:"With a fault."`
	Doubted  int `json:"doubted" doc:"Unverified."`
}

// Bus is a line that lock boards hang on.
type Bus struct {
	Name     string            `json:"name" doc:"As the layout and the settings name it." example:"left"`
	Family   string            `json:"family,omitempty" doc:"Protocol of its boards." example:"rs485"`
	Counters map[string]uint64 `json:"counters,omitempty" doc:"Since the controller started, by name: requests, timeouts, checksums, echoes, late, refused, reconnects."`
}

// Board is a lock board.
type Board struct {
	Bus      string            `json:"bus" doc:"Name of its bus."`
	Address  uint8             `json:"address" doc:"On the bus."`
	State    wire.BoardState   `json:"state" enum:"ok,silent,missing" doc:"How it is."`
	Counters map[string]uint64 `json:"counters,omitempty" doc:"Since the controller started, by name: requests, timeouts, checksums, echoes, late, refused."`
}

// Measurement is one reading of a sensor.
type Measurement struct {
	Name  string    `json:"name" doc:"Of the sensor." example:"cabinet"`
	Kind  string    `json:"kind" doc:"With its unit." example:"temperature_celsius"`
	Value float64   `json:"value" doc:"In that unit." example:"21.5"`
	At    time.Time `json:"at,omitzero" doc:"By the site's clock."`
}

// Record is what the server has of a site's record.
type Record struct {
	Epoch      uint64    `json:"epoch" doc:"Of the newest operation."`
	Number     uint64    `json:"number" doc:"Of the newest operation."`
	Operations uint64    `json:"operations" doc:"How many the server has."`
	Facts      uint64    `json:"facts" doc:"How many are in them."`
	ReceivedAt time.Time `json:"received_at,omitzero" doc:"When the newest came."`
	Head       string    `json:"head,omitempty" doc:"Latest tree head, countersigned: a signed note."`
	HeadAt     time.Time `json:"head_at,omitzero" doc:"When it was countersigned."`
}

func (a *API) getHealth(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[SiteHealth], error) {
	h, err := a.cloud.SiteHealth(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	view := SiteHealth{
		Site: siteOf(h.Site), ClockBad: h.ClockBad, Audit: h.Audit, Parts: h.Parts,
		Record: Record{
			Epoch: h.Epoch, Number: h.Number, Operations: h.Operations, Facts: h.Facts, ReceivedAt: h.ReceivedAt,
			Head: h.Head, HeadAt: h.HeadAt,
		},
	}
	if view.Parts == nil {
		view.Parts = map[string][]locker.Fault{}
	}
	if h.Status != nil {
		view.Controller = controllerOf(*h.Status, h.StatusAt)
	}
	return answer(view, nil)
}

func controllerOf(s wire.Status, at time.Time) *Controller {
	return &Controller{
		At: at, Version: s.Version, UptimeSecond: s.UptimeMS / 1000, ClockTrusted: s.Clock.Trusted,
		ClockOffset: s.Clock.OffsetMS, DiskFree: s.Disk.FreeBytes, DiskTotal: s.Disk.TotalBytes, Directory: s.Directory,
		Sealed: s.Journal.Sealed, Doors: Doors(s.Doors), KioskSeenAt: s.KioskSeen.Time(), Via: s.Link.Via,
		Buses: each(s.Buses, func(b wire.BusStatus) Bus { return Bus(b) }),
		Boards: each(s.Boards, func(b wire.BoardStatus) Board {
			return Board{Bus: b.Bus, Address: b.Address, State: b.State, Counters: b.Counters}
		}),
		Readings: each(s.Readings, func(r wire.Reading) Measurement {
			return Measurement{Name: r.Name, Kind: r.Kind, Value: float64(r.Milli) / 1000, At: r.At.Time()}
		}),
	}
}
