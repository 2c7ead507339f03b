package cost

import "cubby/internal/sizing/figure"

// Rates are the prices and efforts that all alternatives share. In units, ¤ stands for the currency.
type Rates struct {
	PurchasePerDoor       figure.Figure `json:"purchase_per_door" unit:"¤ per door" min:"0" max:"1e6"`
	PurchasePerBank       figure.Figure `json:"purchase_per_bank" unit:"¤ per bank" min:"0" max:"1e7"`
	InstallationPercent   figure.Figure `json:"installation_percent" unit:"% of the purchase" min:"0" max:"500"`
	PowerPerBank          figure.Figure `json:"power_per_bank" unit:"kWh per bank and year" min:"0" max:"1e6"`
	PowerPrice            figure.Figure `json:"power_price" unit:"¤ per kWh" min:"0" max:"100"`
	NetworkPerMonth       figure.Figure `json:"network_per_month" unit:"¤ per bank and month" min:"0" max:"1e5"`
	SoftwarePerMonth      figure.Figure `json:"software_per_month" unit:"¤ per bank and month" min:"0" max:"1e6"`
	MaintenancePercent    figure.Figure `json:"maintenance_percent" unit:"% of the purchase per year" min:"0" max:"100"`
	UpgradePercent        figure.Figure `json:"upgrade_percent" unit:"% of the purchase" min:"0" max:"200"`
	UpgradeEveryYears     int           `json:"upgrade_every_years" min:"1" max:"50"`
	StaffMinutesByHand    figure.Figure `json:"staff_minutes_by_hand" unit:"minutes per parcel handed over by staff" min:"0" max:"120"`
	StaffMinutesInRoom    figure.Figure `json:"staff_minutes_in_room" unit:"minutes per parcel in an open room" min:"0" max:"120"`
	StaffMinutesInLocker  figure.Figure `json:"staff_minutes_in_locker" unit:"minutes per parcel in a locker" min:"0" max:"120"`
	StaffPerHour          figure.Figure `json:"staff_per_hour" unit:"¤ per hour" min:"0" max:"1e4"`
	FailedDelivery        figure.Figure `json:"failed_delivery" unit:"¤ per failed delivery" min:"0" max:"1e4"`
	FailedSharePercent    figure.Figure `json:"failed_share_percent" unit:"% of deliveries to the door that fail at the first attempt" min:"0" max:"100"`
	FloorRent             figure.Figure `json:"floor_rent" unit:"¤ per m² and year" min:"0" max:"1e5"`
	RoomFitOut            figure.Figure `json:"room_fit_out" unit:"¤ per m² of room" min:"0" max:"1e5"`
	RoomPurchase          figure.Figure `json:"room_purchase" unit:"¤ per room for door, camera and terminal" min:"0" max:"1e7"`
	RoomSoftwarePerMonth  figure.Figure `json:"room_software_per_month" unit:"¤ per room and month" min:"0" max:"1e6"`
	OffSitePerUnitMonth   figure.Figure `json:"off_site_per_unit_month" unit:"¤ per unit and month" min:"0" max:"1e4"`
	OverflowAreaPerParcel figure.Figure `json:"overflow_area_per_parcel" unit:"m² per parcel at the desk" min:"0" max:"10"`
}

// DefaultRates returns United States figures in dollars.
// Source: planner facts collected for this project; each figure names its own.
func DefaultRates() Rates {
	return Rates{
		PurchasePerDoor: figure.Range(450, 900, 1060,
			"33 Luxer One doors about $35,000 (2016) = $1,060; US bank $6,000-20,000"),
		PurchasePerBank: figure.Assume(0, 0, 0, "screen and computer are in the price per door"),
		InstallationPercent: figure.Assume(5, 12, 25,
			"delivery, anchoring and an outlet; no published share"),
		PowerPerBank: figure.Range(100, 300, 600, "a few hundred kWh a year per machine (operators)"),
		PowerPrice:   figure.Assume(0.10, 0.17, 0.35, "retail electricity of the place; look at the bill"),
		NetworkPerMonth: figure.Assume(0, 20, 60,
			"the building's own line, or a mobile contract per bank"),
		SoftwarePerMonth: figure.Assume(0, 150, 400,
			"US banks come with a monthly fee that vendors do not publish; 0 with Cubby"),
		MaintenancePercent: figure.Range(1, 3, 5, "spare parts 1-5 % a year (operators)"),
		UpgradePercent:     figure.Assume(10, 20, 35, "computer, screen and locks age before the cabinet"),
		UpgradeEveryYears:  8,
		StaffMinutesByHand: figure.Range(2, 5, 10, "2-10 minutes per parcel by hand (vendors)"),
		StaffMinutesInRoom: figure.Assume(0.5, 1.5, 4, "tidying and searching in an open room"),
		StaffMinutesInLocker: figure.Assume(0, 0.2, 0.5,
			"now and then a parcel is forgotten or a door is stuck"),
		StaffPerHour:       figure.Assume(18, 25, 40, "wage with on-costs of the front desk"),
		FailedDelivery:     figure.Range(17, 17.5, 18, "a failed first delivery $17-18 (carriers)"),
		FailedSharePercent: figure.Range(8, 12, 20, "8-20 % of deliveries fail at the first attempt (carriers)"),
		FloorRent:          figure.Assume(0, 200, 600, "rent of the place that lockers or room take"),
		RoomFitOut:         figure.Assume(100, 300, 800, "shelves, light and lock of a room"),
		RoomPurchase:       figure.Assume(2000, 5000, 12000, "controlled door, camera and terminal"),
		RoomSoftwarePerMonth: figure.Assume(0, 100, 300,
			"as for lockers; 0 with Cubby"),
		OffSitePerUnitMonth:   figure.Range(15, 16, 17, "off-site service $15-17 per unit per month (Fetch)"),
		OverflowAreaPerParcel: figure.Assume(0.05, 0.1, 0.2, "parcels on shelves behind the desk"),
	}
}
