package cost

import "cubby/internal/sizing/figure"

// Quantities are what an alternative consists of and what passes through it in its first year.
type Quantities struct {
	Doors       int
	Banks       int
	Modules     []Purchased   // with a price of their own, instead of Doors and Banks
	RoomM2      float64       // floor of an open room
	FloorM2     float64       // floor that it takes altogether
	ByLocker    figure.Figure // parcels per year that go through a locker
	ByRoom      figure.Figure // parcels per year on shelves
	ByStaff     figure.Figure // parcels per year that staff hand over
	NoPlace     figure.Figure // parcels per year that find no place and are brought again
	OffSite     bool          // a service keeps them elsewhere
	Units       int
	DeskParcels float64       // parcels that lie at the desk at the fullest time
	Growth      figure.Figure // percent per year, of all parcels
}

// Purchased is a number of modules of one kind.
type Purchased struct {
	Name  string
	Count float64
	Price figure.Figure
}

const perYear = "parcels per year"

// Lines returns what the quantities cost at the rates. Every factor names its unit and source.
func Lines(q Quantities, r Rates) []Line {
	b := builder{q: q, r: r, growth: Factor{Key: "growth", Figure: q.Growth}}
	b.hardware()
	b.room()
	b.labour()
	b.floor()
	if q.OffSite {
		b.add(Service, Yearly, b.count("units", float64(q.Units), "units"), b.months(),
			b.rate("off_site_per_unit_month", r.OffSitePerUnitMonth))
	}
	return b.lines
}

type builder struct {
	q      Quantities
	r      Rates
	growth Factor
	lines  []Line
}

func (b *builder) add(item Item, timing Timing, factors ...Factor) *Line {
	b.lines = append(b.lines, Line{Item: item, Timing: timing, Factors: factors})
	return &b.lines[len(b.lines)-1]
}

func (*builder) rate(key string, f figure.Figure) Factor { return Factor{Key: key, Figure: f} }

func (*builder) share(key string, f figure.Figure) Factor {
	return Factor{Key: key, Figure: f, Percent: true}
}

func (*builder) count(key string, n float64, unit string) Factor {
	return Factor{Key: key, Figure: figure.Of(n, "this plan").In(unit)}
}

func (*builder) months() Factor {
	return Factor{Key: "months", Figure: figure.Of(12, "calendar").In("months per year")}
}

// purchases returns the products that are the purchase, each without its timing.
func (b *builder) purchases() [][]Factor {
	q, r := b.q, b.r
	var all [][]Factor
	for _, m := range q.Modules {
		all = append(all, []Factor{
			b.count("modules "+m.Name, m.Count, "modules"), b.rate("price of "+m.Name, m.Price),
		})
	}
	if len(q.Modules) == 0 && q.Doors > 0 {
		all = append(all, []Factor{
			b.count("doors", float64(q.Doors), "doors"), b.rate("purchase_per_door", r.PurchasePerDoor),
		}, []Factor{
			b.count("banks", float64(q.Banks), "banks"), b.rate("purchase_per_bank", r.PurchasePerBank),
		})
	}
	if q.RoomM2 > 0 {
		all = append(all, []Factor{b.count("rooms", 1, "rooms"), b.rate("room_purchase", r.RoomPurchase)})
	}
	return all
}

func (b *builder) hardware() {
	q, r := b.q, b.r
	for _, p := range b.purchases() {
		with := func(f Factor) []Factor { return append(append([]Factor{}, p...), f) }
		b.add(Purchase, Once, p...)
		b.add(Installation, Once, with(b.share("installation_percent", r.InstallationPercent))...)
		b.add(Maintenance, Yearly, with(b.share("maintenance_percent", r.MaintenancePercent))...)
		b.add(Upgrade, EveryFew, with(b.share("upgrade_percent", r.UpgradePercent))...).Every = r.UpgradeEveryYears
	}
	if q.Banks == 0 {
		return
	}
	banks := b.count("banks", float64(q.Banks), "banks")
	b.add(Power, Yearly, banks, b.rate("power_per_bank", r.PowerPerBank), b.rate("power_price", r.PowerPrice))
	b.add(Network, Yearly, banks, b.months(), b.rate("network_per_month", r.NetworkPerMonth))
	b.add(Software, Yearly, banks, b.months(), b.rate("software_per_month", r.SoftwarePerMonth))
}

func (b *builder) room() {
	if b.q.RoomM2 <= 0 {
		return
	}
	b.add(Installation, Once, b.count("room_m2", b.q.RoomM2, "m² of room"), b.rate("room_fit_out", b.r.RoomFitOut))
	b.add(Software, Yearly, b.count("rooms", 1, "rooms"), b.months(),
		b.rate("room_software_per_month", b.r.RoomSoftwarePerMonth))
}

func (b *builder) labour() {
	q, r := b.q, b.r
	minute := Factor{Key: "minutes_per_hour", Figure: figure.Of(60, "calendar").In("minutes per hour"), Divide: true}
	for _, way := range []struct {
		key, minutes string
		parcels      figure.Figure
		effort       figure.Figure
	}{
		{"parcels_by_locker", "staff_minutes_in_locker", q.ByLocker, r.StaffMinutesInLocker},
		{"parcels_by_room", "staff_minutes_in_room", q.ByRoom, r.StaffMinutesInRoom},
		{"parcels_by_staff", "staff_minutes_by_hand", q.ByStaff, r.StaffMinutesByHand},
	} {
		if way.parcels.High > 0 {
			b.grow(b.add(Staff, Yearly, b.rate(way.key, way.parcels.In(perYear)), b.rate(way.minutes, way.effort),
				minute, b.rate("staff_per_hour", r.StaffPerHour)))
		}
	}
	if q.NoPlace.High > 0 {
		b.grow(b.add(Failed, Yearly, b.rate("parcels_without_place", q.NoPlace.In(perYear)),
			b.rate("failed_delivery", r.FailedDelivery)))
	}
}

func (b *builder) grow(l *Line) {
	growth := b.growth
	l.Growth = &growth
}

func (b *builder) floor() {
	if b.q.FloorM2 > 0 {
		b.add(Rent, Yearly, b.count("floor_m2", b.q.FloorM2, "m²"), b.rate("floor_rent", b.r.FloorRent))
	}
	if b.q.DeskParcels > 0 {
		b.add(Rent, Yearly, b.count("desk_parcels", b.q.DeskParcels, "parcels"),
			b.rate("overflow_area_per_parcel", b.r.OverflowAreaPerParcel), b.rate("floor_rent", b.r.FloorRent))
	}
}
