package sizing

import (
	"cubby/internal/locker"
	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
)

// Names of sources that several figures share.
const (
	srcNorway = "Norway 2022: mean 31.6 h and just over 60 % within 24 h; a lognormal with this median and sigma fits both"
	srcShares = "US volume 2023 by carrier"
)

// Defaults returns a problem of 200 units in the United States in which every figure is filled:
// cited where something citable exists, marked as an assumption elsewhere.
func Defaults() Problem {
	p := Problem{
		Name:         "Plan",
		Currency:     "USD",
		HorizonYears: 10,
		Discount:     figure.Assume(3, 5, 8, "cost of capital of the owner"),
		Demand:       defaultDemand(),
		Dwell:        defaultDwell(),
		Sizes:        defaultSizes(),
		Policy: Policy{
			Hold:          figure.Range(2, 3, 7, "holds of 48 h to 7 days by operator"),
			Consolidation: figure.Assume(0, 0, 10, "parcels of one household share no door unless the operator says so"),
			Upgrade:       true,
			Overflow:      ToDesk,
			Target: Target{
				Loss:    figure.Assume(1, 1, 1, "one parcel in a hundred may find no door"),
				Measure: PerClass, Week: NormalWeek,
			},
		},
		Site: Site{
			FrontMM: 1067,
			Reach: Reach{
				LowMM: 381, HighMM: 1219, Required: true,
				Share: figure.Of(5, "ADA: at least 5 % of the compartments and one of each size between 15 and 48 in"),
			},
		},
		Hardware: Hardware{Catalogue: "generic", BoardChannels: 24, Bus: "left"},
		Costs:    cost.DefaultRates(),
		Carbon: Carbon{
			Door:    figure.Of(0.659, "InPost: 0.659 kg per parcel to the door over the whole route, 0.229 kg to a locker"),
			Attempt: figure.Assume(0.2, 0.43, 0.659, "the difference between door and locker of InPost is taken for one more attempt"),
			Scope:   "delivery attempts that the building avoids; residents walk, their own trip is nil",
		},
	}
	return p.WithUnits()
}

func defaultDemand() Demand {
	visit := func(low, mid, high float64) Figure {
		return figure.Assume(low, mid, high, "visits of one carrier to one building; none published")
	}
	return Demand{
		Units:     200,
		Residents: figure.Assume(1.2, 1.8, 2.5, "people per apartment; look at the rent roll"),
		Rate: figure.Range(0.35, 1.5, 3.5, "published figures differ tenfold: Parcel Pending 0.35 (about 2015), "+
			"Package Concierge 0.8-1.0 (2020), The Parcel Port 1.2-1.4, Luxer Room 1.75-2.6 (about 2015), Fetch 2.3 (2020), "+
			"Pitney Bowes 3.2 (2023), Lockourier 0.5-3.5"),
		Carriers: []Carrier{
			{Name: "USPS", Share: figure.Of(31, srcShares), Visits: visit(1, 1, 1), FromHour: 10, ToHour: 15},
			{Name: "Amazon", Share: figure.Of(27, srcShares), Visits: visit(1, 2, 3), FromHour: 9, ToHour: 20},
			{Name: "UPS", Share: figure.Of(21, srcShares), Visits: visit(1, 1, 2), FromHour: 10, ToHour: 18},
			{Name: "FedEx", Share: figure.Of(18, srcShares), Visits: visit(1, 1, 2), FromHour: 9, ToHour: 18},
			{Name: "others", Share: figure.Of(3, srcShares), Visits: visit(0.5, 1, 2), FromHour: 9, ToHour: 20},
		},
		Weekday: assumedProfile("no numeric weekday shares of apartment buildings are published; hardly any on Sunday",
			1.15, 1.15, 1.15, 1.15, 1.15, 0.95, 0.30),
		Season: assumedProfile("no monthly shares of apartment buildings are published; the peak weeks come on top",
			0.97, 0.96, 0.97, 0.98, 0.99, 0.99, 1.00, 0.99, 1.00, 1.02, 1.06, 1.07),
		PeakFactor: figure.Range(1.5, 1.81, 1.83,
			"NMHC/Kingsley (2018): 150 a week normally, 270 in the holidays; +83 % in the week after Black Friday (2017)"),
		PeakWeeks:      figure.Assume(3, 4, 6, "Black Friday to Christmas"),
		Growth:         figure.Range(3, 5, 20, "national 3-5 % a year; vendors say 10-20 %"),
		DesignYears:    figure.Assume(0, 3, 5, "years of growth that the first bank is to carry"),
		OverDispersion: figure.Assume(1, 1.5, 3, "days differ more than chance alone; no published figure"),
	}
}

func defaultDwell() Dwell {
	return Dwell{
		Law:    DwellLognormal,
		Median: figure.Range(15, 18.5, 24, srcNorway+"; Package Concierge 24 h (2019), 19 h (2020)"),
		Sigma:  figure.Range(0.9, 1.037, 1.2, srcNorway),
		Pickup: assumedProfile("pick-up peaks at the commutes and lunch", 8, 12.5, 18, 20),
		Chance: figure.Assume(20, 30, 45, "chance that a resident collects at one of the hours"),
	}
}

func defaultSizes() []SizeClass {
	const how = "no S/M/L/XL shares of apartment buildings are published; Fetch (2018-2020): 35 % envelope-like, " +
		"60 % standard, 5 % over 113 litres"
	const volume = "mean parcel of the class, about two fifths of its largest"
	share := func(low, mid, high float64) Figure { return figure.Assume(low, mid, high, how) }
	litres := func(low, mid, high float64) Figure { return figure.Assume(low, mid, high, volume) }
	shelf := func(low, mid, high float64) Figure {
		return figure.Assume(low, mid, high, "width on a shelf, parcels side by side, some stacked")
	}
	return []SizeClass{
		{
			Size: locker.SizeS, WidthMM: 380, HeightMM: 100, DepthMM: 450,
			Share: share(30, 40, 50), Litres: litres(3, 6, 9), Shelf: shelf(60, 100, 200),
		},
		{
			Size: locker.SizeM, WidthMM: 380, HeightMM: 200, DepthMM: 450,
			Share: share(28, 35, 40), Litres: litres(8, 14, 22), Shelf: shelf(150, 250, 350),
		},
		{
			Size: locker.SizeL, WidthMM: 380, HeightMM: 410, DepthMM: 450,
			Share: share(14, 20, 25), Litres: litres(20, 32, 50), Shelf: shelf(250, 350, 400),
		},
		{
			Size: locker.SizeXL, WidthMM: 380, HeightMM: 820, DepthMM: 450,
			Share: share(3, 5, 8), Litres: litres(60, 90, 140), Shelf: shelf(350, 420, 600),
		},
	}
}

func assumedProfile(reason string, values ...float64) Profile {
	return Profile{Values: values, Source: "assumption: " + reason, Assumed: true}
}
