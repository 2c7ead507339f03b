package consoletest

import (
	"strconv"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// The sites of the sample.
const (
	BankSite locker.SiteID = "harbour"
	RoomSite locker.SiteID = "room"
)

const zone = "America/New_York"

// Now is the moment of the goldens: a Wednesday at 12:46 in New York.
func Now() time.Time { return time.Date(2026, 11, 25, 17, 46, 0, 0, time.UTC) }

// SampleCode is a code in all its forms.
func SampleCode() cloud.Code {
	return cloud.Code{Symbols: "4F7-H2K-MX9", Token: "C1.4QZT7W2K6YJH3MPX9RNC", Unit: "310", Digits: "471-082-336"} //nolint:gosec // opens nothing
}

// bankHeights are the doors of the pictures from the top of each column; a negative one is the screen.
func bankHeights() [][]int {
	return [][]int{
		{2, 2, 2, 2, 3, 3, 5, 5},
		{2, 2, 2, 2, 2, 2, 3, 3, 3, 3},
		{2, 2, -8, 3, 3, 3, 3},
		{3, 3, 3, 5, 5, 5},
		{8, 8, 8},
		{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
	}
}

// used says what the doors hold on the pictures; a door that is not named is free.
func used() map[string]struct {
	status cloud.PlaceStatus
	unit   string
} {
	type place = struct {
		status cloud.PlaceStatus
		unit   string
	}
	all := map[string]place{
		"A03": {cloud.PlaceOpen, "102"}, "B04": {cloud.PlaceOverdue, "310"}, "D04": {cloud.PlaceFault, "308"},
		"F04": {cloud.PlaceReserved, "308"}, "F05": {cloud.PlaceReserved, "502"}, "B09": {cloud.PlaceReserved, "304"},
	}
	for name, unit := range map[string]string{
		"A02": "307", "A05": "701", "A07": "102", "A08": "107", "B01": "507", "B02": "302", "B10": "410", "C03": "308", "C04": "104",
		"C06": "107", "D01": "504", "D05": "107", "D06": "310", "E02": "510", "E03": "601", "F06": "604", "F07": "103", "F08": "404",
	} {
		all[name] = place{cloud.PlaceOccupied, unit}
	}
	return all
}

func sizeOf(units int) locker.Size {
	switch units {
	case 2:
		return locker.SizeS
	case 3:
		return locker.SizeM
	case 5:
		return locker.SizeL
	}
	return locker.SizeXL
}

func sampleWall(now time.Time) cloud.Wall {
	w := cloud.Wall{
		At: now, Site: cloud.SiteSummary{
			ID: BankSite, Name: "Harbour House", Property: "p1", PropertyName: "Harbour House", TimeZone: zone, Link: cloud.LinkUp,
			SeenAt: now.Add(-4 * time.Second), Incidents: 2,
		},
		Tiles: cloud.Tiles{FreeBySize: map[locker.Size]int{}, Incidents: 1},
	}
	bank := cloud.WallBank{ID: "main", Name: "Locker 1"}
	for c, heights := range bankHeights() {
		col := cloud.WallColumn{Name: string(rune('A' + c))}
		for _, h := range heights {
			if h < 0 {
				col.ScreenUnits, col.ScreenAbove = -h, len(col.Doors)
				continue
			}
			col.Doors = append(col.Doors, sampleDoor(now, col.Name, len(col.Doors)+1, h))
		}
		bank.Columns = append(bank.Columns, col)
	}
	w.Banks = []cloud.WallBank{bank}
	count(&w)
	return w
}

func sampleDoor(now time.Time, column string, row, units int) cloud.WallPlace {
	number := strconv.Itoa(row)
	if len(number) == 1 {
		number = "0" + number
	}
	name := column + number
	d := cloud.WallPlace{
		Place: locker.PlaceID("main/" + name), Kind: locker.PlaceCompartment, Name: name, Size: sizeOf(units), Units: units,
		Status: cloud.PlaceFree, Low: row > 4, Since: now.Add(-90 * time.Minute),
	}
	u, ok := used()[name]
	if !ok {
		return d
	}
	d.Status, d.Unit = u.status, u.unit
	switch u.status {
	case cloud.PlaceOverdue:
		d.Parcels, d.Overdue, d.Days = 1, 1, 7
	case cloud.PlaceFault:
		d.Parcels, d.Faults = 1, []locker.Fault{locker.FaultLock}
	case cloud.PlaceOccupied, cloud.PlaceOpen:
		d.Parcels = 1
	case cloud.PlaceFree, cloud.PlaceReserved, cloud.PlaceBlocked:
	}
	return d
}

func count(w *cloud.Wall) {
	for _, col := range w.Banks[0].Columns {
		for _, d := range col.Doors {
			switch d.Status {
			case cloud.PlaceFree:
				w.Tiles.Free++
				w.Tiles.FreeBySize[d.Size]++
			case cloud.PlaceReserved:
				w.Tiles.Reserved++
			case cloud.PlaceOccupied:
				w.Tiles.Occupied++
			case cloud.PlaceOverdue:
				w.Tiles.Overdue++
			case cloud.PlaceOpen:
				w.Tiles.Open++
			case cloud.PlaceFault:
				w.Tiles.Fault++
			case cloud.PlaceBlocked:
				w.Tiles.Blocked++
			}
		}
	}
}

func sampleRoom(now time.Time) cloud.Wall {
	w := cloud.Wall{
		At: now, Site: cloud.SiteSummary{
			ID: RoomSite, Name: "Harbour package room", Property: "p1", PropertyName: "Harbour House", TimeZone: zone, Hosted: true,
			Link: cloud.LinkHosted, SeenAt: now,
		},
		Tiles: cloud.Tiles{Waiting: 11, StoredToday: 6, CollectedToday: 4},
	}
	room := cloud.WallRoom{ID: "r1", Name: "Package room"}
	for i := range 12 {
		s := cloud.WallPlace{
			Place: locker.PlaceID("room/S" + strconv.Itoa(i+1)), Kind: locker.PlaceShelf, Name: strconv.Itoa(i + 1), Status: cloud.PlaceFree,
		}
		if i%3 == 0 {
			s.Status, s.Parcels = cloud.PlaceOccupied, i/3+1
		}
		if i == 6 {
			s.Status, s.Overdue = cloud.PlaceOverdue, 1
		}
		room.Shelves = append(room.Shelves, s)
	}
	w.Rooms = []cloud.WallRoom{room}
	w.Desk = &cloud.WallPlace{Place: "desk", Kind: locker.PlaceDesk, Name: "Desk", Status: cloud.PlaceOccupied, Parcels: 1}
	return w
}

func findPlace(w cloud.Wall, id locker.PlaceID) (cloud.WallPlace, bool) {
	for _, b := range w.Banks {
		for _, col := range b.Columns {
			for _, d := range col.Doors {
				if d.Place == id {
					return d, true
				}
			}
		}
	}
	for _, r := range w.Rooms {
		for _, s := range r.Shelves {
			if s.Place == id {
				return s, true
			}
		}
	}
	if w.Desk != nil && w.Desk.Place == id {
		return *w.Desk, true
	}
	return cloud.WallPlace{}, false
}

func sampleTimeline(now time.Time) []cloud.TimelineEntry {
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	return []cloud.TimelineEntry{
		{At: now.Add(-time.Minute), Kind: "open_failed", PlaceName: "B04", Reason: "not_opened", Epoch: 1, Number: 93},
		{
			At: now.Add(-2 * time.Minute), Kind: "open_requested", PlaceName: "B04", Purpose: locker.PurposeRemote,
			Actor: locker.Actor{Kind: locker.ActorStaff, ID: "u1"}, ActorName: "Ana", Note: "Resident at the desk without a phone", Epoch: 1, Number: 92,
		},
		{At: now.AddDate(0, 0, -7), Kind: "parcel_stored", PlaceName: "B04", Actor: courier, ActorName: "UPS", Evidence: locker.EvidenceDoor, Epoch: 1, Number: 12},
		{At: now.AddDate(0, 0, -7).Add(-20 * time.Second), Kind: "door_opened", PlaceName: "B04", Evidence: locker.EvidenceDoor, Epoch: 1, Number: 11},
		{At: now.AddDate(0, 0, -7).Add(-22 * time.Second), Kind: "deposit_begun", PlaceName: "B04", Actor: courier, ActorName: "UPS", Epoch: 1, Number: 10},
	}
}

func sampleActivity(now time.Time) []cloud.ActivityEntry {
	var all []cloud.ActivityEntry
	for i, e := range []struct {
		kind, door, unit, reason string
		ago                      time.Duration
	}{
		{"door_opened", "A03", "102", "", 20 * time.Second},
		{"parcel_stored", "E03", "601", "", 2 * time.Minute},
		{"parcel_collected", "B05", "704", "", 6 * time.Minute},
		{"door_opened", "B05", "704", "", 7 * time.Minute},
		{"fault_raised", "D04", "", "lock", 26 * time.Hour},
	} {
		all = append(all, cloud.ActivityEntry{
			Entry: cloud.TimelineEntry{
				At: now.Add(-e.ago), Kind: e.kind, Place: locker.PlaceID("main/" + e.door), PlaceName: e.door, Reason: e.reason,
				Epoch: 1, Number: uint64(100 - i),
			},
			PlaceKind: locker.PlaceCompartment, UnitName: e.unit,
		})
	}
	return all
}

func sampleSheet(now time.Time, w cloud.Wall, p cloud.WallPlace) cloud.DoorSheet {
	s := cloud.DoorSheet{
		Place: p, Site: w.Site, Bank: "Locker 1", Door: locker.DoorShut, Timeline: sampleTimeline(now),
		Intents: []cloud.IntentView{{
			ID: "i7", Kind: wire.IntentOpen, UserName: "Ana", Reason: "Resident at the desk without a phone", State: cloud.IntentRefused,
			Code: locker.CodeDoorJammed, Created: now.Add(-2 * time.Minute),
		}},
		Actions: []cloud.Action{cloud.ActionOpen, cloud.ActionVerify, cloud.ActionOut},
	}
	if p.Status == cloud.PlaceReserved {
		s.Reserved = locker.Reservation{ID: "res1", Unit: "u308", Until: locker.At(now.Add(2 * time.Hour))}
		s.Actions = append(s.Actions, cloud.ActionUnreserve)
	}
	for _, d := range sampleDeliveries(now) {
		if d.Place == p.Place && !d.State.Ended() {
			s.Parcels = append(s.Parcels, d)
		}
	}
	if p.Kind != locker.PlaceCompartment {
		s.Door, s.Bank = locker.DoorUnknown, "Package room"
		s.Actions = []cloud.Action{cloud.ActionHandOver, cloud.ActionClear}
	}
	return s
}

// sampleDelivery fills in what most parcels share.
func sampleDelivery(n, door, unit, name string) cloud.Delivery {
	return cloud.Delivery{
		Site: BankSite, SiteName: "Harbour House", Parcel: locker.ParcelID("p" + n), Stay: locker.StayID("s" + n), State: locker.StayStored,
		Place: locker.PlaceID("main/" + door), PlaceName: door, PlaceKind: locker.PlaceCompartment, Recipient: locker.RecipientID("r" + n),
		RecipientName: name, Unit: locker.UnitID("u" + unit), UnitName: unit, Carrier: "ups", CarrierName: "UPS",
		Tracking: "1Z999AA1012345678" + n, Size: locker.SizeS, Evidence: locker.EvidenceDoor,
	}
}

func sampleDeliveries(now time.Time) []cloud.Delivery {
	at := func(d *cloud.Delivery, stored time.Duration) {
		d.BegunAt, d.StoredAt, d.CollectBy = now.Add(-stored-time.Minute), now.Add(-stored), now.Add(72*time.Hour-stored)
	}
	opening := sampleDelivery("1", "A03", "102", "Jane Smith")
	opening.State, opening.BegunAt = locker.StayDepositing, now.Add(-20*time.Second)
	fresh := sampleDelivery("2", "E03", "601", "Omar Haddad")
	at(&fresh, 2*time.Minute)
	taken := sampleDelivery("3", "B05", "704", "Lucía Fernández")
	at(&taken, 26*time.Hour)
	taken.State, taken.EndedAt = locker.StayCollected, now.Add(-6*time.Minute)
	overdue := sampleDelivery("4", "B04", "310", "Peter Novak")
	at(&overdue, 7*24*time.Hour)
	overdue.Overdue, overdue.Days = true, 7
	held := sampleDelivery("5", "D04", "308", "Maya Chen")
	at(&held, 30*time.Hour)
	held.State, held.Problem = locker.StayHeld, locker.ProblemEmpty
	shelf := sampleDelivery("6", "4", "310", "Peter Novak")
	at(&shelf, 3*time.Hour)
	shelf.Site, shelf.SiteName, shelf.Place, shelf.PlaceKind, shelf.Size = RoomSite, "Harbour package room", "room/S4", locker.PlaceShelf, locker.SizeXL
	unknown := sampleDelivery("7", "Desk", "", "")
	at(&unknown, 5*time.Hour)
	unknown.Site, unknown.SiteName, unknown.Place, unknown.PlaceKind, unknown.Carrier, unknown.CarrierName = RoomSite, "Harbour package room", "desk", locker.PlaceDesk, "", ""
	unknown.Recipient, unknown.Unit = "", ""
	return []cloud.Delivery{opening, fresh, taken, held, shelf, unknown, overdue}
}

func sampleParcel(now time.Time, d cloud.Delivery) cloud.ParcelView {
	v := cloud.ParcelView{
		Delivery: d, Stays: []cloud.Delivery{d}, Timeline: sampleTimeline(now),
		Notices: []cloud.NoticeView{
			{ID: "n1", Channel: "email", Kind: "first", State: "sent", Attempts: 1, Created: d.StoredAt.Add(time.Minute), Sent: d.StoredAt.Add(time.Minute)},
			{ID: "n2", Channel: "email", Kind: "reminder_1", State: "bounced", Attempts: 3, Created: now.Add(-time.Hour), Error: "550 no such user"},
		},
		Actions: []cloud.Action{cloud.ActionReassign, cloud.ActionExtend, cloud.ActionRevoke, cloud.ActionReissue, cloud.ActionOpen},
	}
	if d.PlaceKind != locker.PlaceCompartment {
		v.Actions = append(v.Actions[:4], cloud.ActionHandOver, cloud.ActionClear)
	}
	if d.State.Ended() {
		v.Actions = nil
	}
	return v
}

func sampleIncidents(now time.Time) []cloud.IncidentView {
	return []cloud.IncidentView{
		{
			ID: "n1", Site: BankSite, SiteName: "Harbour House", Kind: cloud.IncidentFault, Severity: cloud.SeverityUrgent, Place: "main/D04",
			PlaceName: "D04", Stay: "s5", Parcel: "p5", Detail: string(locker.FaultLock), Count: 3, OpenedAt: now.Add(-50 * time.Minute),
			LastAt: now.Add(-10 * time.Minute), DueAt: now.Add(70 * time.Minute), Actions: []cloud.Action{cloud.ActionOpen, cloud.ActionOut},
			Notes: []cloud.IncidentNote{{At: now.Add(-30 * time.Minute), User: "Ben", Text: "Key is at the desk. I will open it after lunch."}},
		},
		{
			ID: "n2", Site: BankSite, SiteName: "Harbour House", Kind: cloud.IncidentProblem, Severity: cloud.SeverityHigh, Place: "main/B05",
			PlaceName: "B05", Stay: "s3", Parcel: "p3", Detail: string(locker.ProblemEmpty), Owner: "u2", OwnerName: "Ben", Count: 1,
			OpenedAt: now.Add(-5 * time.Hour), LastAt: now.Add(-5 * time.Hour), DueAt: now.Add(19 * time.Hour),
		},
		{
			ID: "n4", Site: BankSite, SiteName: "Harbour House", Kind: cloud.IncidentFault, Severity: cloud.SeverityUrgent, Part: "rs485/2",
			Detail: string(locker.FaultBoardSilent), Count: 1, OpenedAt: now.Add(-6 * time.Hour), LastAt: now.Add(-6 * time.Hour),
			DueAt: now.Add(-5 * time.Hour),
		},
		{
			ID: "n3", Site: BankSite, SiteName: "Harbour House", Kind: cloud.IncidentSiteSilent, Severity: cloud.SeverityLow, Resolved: true,
			Count: 1, OpenedAt: now.AddDate(0, 0, -2), LastAt: now.AddDate(0, 0, -2), ResolvedAt: now.AddDate(0, 0, -2).Add(time.Hour),
			ResolvedBy: "Ana", Resolution: "The cleaner had pulled the plug.",
		},
	}
}

func sampleRecipients(now time.Time) []cloud.RecipientView {
	one := func(id, unit, name string) cloud.RecipientView {
		return cloud.RecipientView{
			ID: locker.RecipientID(id), Property: "p1", Kind: locker.RecipientResident, Unit: locker.UnitID("u" + unit), UnitName: unit, Name: name,
			Email: "r" + unit + "@example.org", Language: "en",
		}
	}
	jane, paul, lucia, peter := one("r1", "102", "Jane Smith"), one("r8", "102", "Paul Smith"), one("r3", "704", "Lucía Fernández"), one("r4", "310", "Peter Novak")
	jane.LowDoor, jane.Waiting = true, 1
	lucia.Language, lucia.VacationUntil = "es", now.AddDate(0, 0, 5)
	peter.Email, peter.Waiting, peter.QuietFrom, peter.QuietTo = "", 2, 22*60, 7*60
	paul.Inactive = true
	return []cloud.RecipientView{jane, paul, lucia, peter}
}

func sampleGuess() cloud.ImportGuess {
	return cloud.ImportGuess{Encoding: "UTF-8", Separator: ',', Rows: 5, Columns: []cloud.ImportColumn{
		{Header: "Apt", Samples: []string{"101", "102", "103"}, Guess: importer.FieldUnit},
		{Header: "Resident", Samples: []string{"Ann Lee", "Bo Park"}, Guess: importer.FieldName},
		{Header: "Mail", Samples: []string{"ann@example.org"}, Guess: importer.FieldEmail},
		{Header: "Pet", Samples: []string{"cat"}},
	}}
}

func samplePlan(now time.Time) cloud.ImportPlan {
	return cloud.ImportPlan{
		Rows: 5, Add: 2, Change: 1, Unchanged: 1, Faulty: 1, UnitsAdd: 1, ExpiresAt: now.Add(time.Hour),
		Problems: []importer.Problem{
			{Line: 4, Column: "Mail", Field: importer.FieldEmail, Code: importer.ProblemEmail, Value: "ann@"},
			{Line: 6, Column: "Resident", Field: importer.FieldName, Code: importer.ProblemDuplicate, Value: "Ann Lee", Other: 2},
		},
		Changes: []importer.Change{
			{Line: 2, Action: importer.ActionAdd, Unit: "101", Name: "Ann Lee"},
			{Line: 3, Action: importer.ActionChange, Unit: "102", Name: "Jane Smith", Fields: []importer.Edit{{Field: importer.FieldEmail, New: "jane@example.org"}}},
			{Action: importer.ActionDeactivate, Unit: "103", Name: "Bo Park"},
		},
	}
}

func sampleCouriers(now time.Time) []cloud.CourierView {
	return []cloud.CourierView{
		{ID: "c1", Site: BankSite, Carrier: "ups", CarrierName: "UPS", Name: "Route 7"},
		{ID: "c2", Site: BankSite, Carrier: "dhl", CarrierName: "DHL", Name: "Sam", Until: now.AddDate(0, 1, 0)},
		{ID: "c3", Site: BankSite, Carrier: "fedex", CarrierName: "FedEx", Name: "Old scanner", Revoked: true},
	}
}

func sampleSite(now time.Time, id locker.SiteID) cloud.SiteView {
	w := sampleWall(now)
	v := cloud.SiteView{
		SiteSummary: w.Site, Enrolled: true, Key: "k1mfzhs4lbonrxk4tfmuqhi5dfonwa", Rev: 41,
		Settings: cloud.SiteSettings{Phone: "+1 555 0100", Mail: "desk@example.org", Languages: []string{"en", "es", "ar"}, OnDuty: []string{"ana@example.org", "ben@example.org"}},
		Layout:   locker.Layout{Desk: &locker.Desk{ID: "desk", Name: "Desk"}},
		Policy:   locker.Policy{Consolidate: true, Fallback: []locker.Fall{locker.FallDesk, locker.FallRefuse}},
	}
	if id == RoomSite {
		v.SiteSummary, v.Enrolled, v.Key = sampleRoom(now).Site, false, ""
		room := locker.Room{ID: "r1", Name: "Package room"}
		for _, s := range sampleRoom(now).Rooms[0].Shelves {
			room.Shelves = append(room.Shelves, locker.Shelf{ID: s.Place, Name: s.Name})
		}
		v.Layout.Rooms = []locker.Room{room}
	}
	return v
}

func sampleHealth(now time.Time, id locker.SiteID) cloud.SiteHealth {
	h := cloud.SiteHealth{
		Site: sampleSite(now, id).SiteSummary, StatusAt: now.Add(-4 * time.Second), Epoch: 1, Number: 1204, Operations: 1204, Facts: 4711,
		ReceivedAt: now.Add(-40 * time.Second), HeadAt: now.Add(-40 * time.Second), Parts: map[string][]locker.Fault{"rs485/2": {locker.FaultBoardSilent}},
	}
	if id == RoomSite {
		h.Parts = nil
		return h
	}
	h.Status = &wire.Status{
		Version: "1.0.0", UptimeMS: (50 * time.Hour).Milliseconds(), Clock: wire.Clock{Trusted: true, OffsetMS: 12},
		Disk:    wire.Disk{FreeBytes: 9_400_000_000, TotalBytes: 31_000_000_000},
		Journal: wire.JournalStatus{Last: wire.Position{Epoch: 1, Number: 1204}, Acked: wire.Position{Epoch: 1, Number: 1204}},
		Buses: []wire.BusStatus{{
			Name: "left", Family: "rs485", Counters: map[string]uint64{
				"requests": 180822, "timeouts": 833, "checksums": 3, "late": 1, "refused": 0, "echoes": 0, "reconnects": 1,
			},
		}},
		Boards: []wire.BoardStatus{
			{Bus: "left", Address: 1, State: wire.BoardOK, Counters: map[string]uint64{"requests": 90412, "timeouts": 2}},
			{Bus: "left", Address: 2, State: wire.BoardSilent, Counters: map[string]uint64{"requests": 90410, "timeouts": 831}},
		},
		Doors:     wire.DoorSummary{Total: 45, Open: 1, Occupied: 22, Faulty: 1},
		Readings:  []wire.Reading{{Name: "cabinet", Kind: "temperature_celsius", Milli: 21400, At: locker.At(now.Add(-30 * time.Second))}},
		KioskSeen: locker.At(now.Add(-3 * time.Second)), Link: wire.LinkStatus{Via: "websocket", Since: locker.At(now.Add(-26 * time.Hour)), Attempts: 3},
	}
	return h
}
