package cost_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
)

// hundredths is a figure of whole hundredths, so that the recomputation can use integers.
func hundredths(n int64) figure.Figure { return figure.Of(float64(n)/100, "test") }

// bankOnPaper is a bank of lockers priced with whole numbers only.
type bankOnPaper struct {
	modules, price, installation, maintenance, upgrade int64 // price and percents in hundredths
	every, years                                       int
	parcels, minutes, wage, growth, discount           int64 // all in hundredths but parcels
	area, rent                                         int64
}

func drawBank(t *rapid.T) bankOnPaper {
	n := func(name string, low, high int64) int64 { return rapid.Int64Range(low, high).Draw(t, name) }
	return bankOnPaper{
		modules: n("modules", 1, 60), price: n("price", 0, 900_000), installation: n("installation", 0, 5_000),
		maintenance: n("maintenance", 0, 1_000), upgrade: n("upgrade", 0, 4_000),
		every: int(n("every", 1, 12)), years: int(n("years", 1, 40)),
		parcels: n("parcels", 1, 90_000), minutes: n("minutes", 0, 1_000), wage: n("wage", 0, 9_000),
		growth: n("growth", -500, 2_000), discount: n("discount", 0, 1_500), area: n("area", 0, 9_000), rent: n("rent", 0, 90_000),
	}
}

func (b bankOnPaper) lines() []cost.Line {
	rates := cost.Rates{
		InstallationPercent: hundredths(b.installation), MaintenancePercent: hundredths(b.maintenance),
		UpgradePercent: hundredths(b.upgrade), UpgradeEveryYears: b.every,
		StaffMinutesByHand: hundredths(b.minutes), StaffPerHour: hundredths(b.wage), FloorRent: hundredths(b.rent),
		PowerPerBank: figure.Of(0, "test"), PowerPrice: figure.Of(0, "test"),
		NetworkPerMonth: figure.Of(0, "test"), SoftwarePerMonth: figure.Of(0, "test"),
	}
	return cost.Lines(cost.Quantities{
		Modules: []cost.Purchased{{Name: "m", Count: float64(b.modules), Price: hundredths(b.price)}},
		Banks:   1, FloorM2: float64(b.area) / 100, Units: 7, ByStaff: figure.Of(float64(b.parcels), "test"), Growth: hundredths(b.growth),
	}, rates)
}

// half rounds a quotient of integers half away from zero.
func half(num, den *big.Int) *big.Int {
	twice := new(big.Int).Mul(num, big.NewInt(2))
	sign := int64(twice.Sign())
	twice.Abs(twice).Add(twice, den)
	q := twice.Div(twice, new(big.Int).Mul(den, big.NewInt(2)))
	return q.Mul(q, big.NewInt(sign))
}

func product(of ...int64) *big.Int {
	p := big.NewInt(1)
	for _, n := range of {
		p.Mul(p, big.NewInt(n))
	}
	return p
}

func power(base int64, n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(n)), nil)
}

// flow is what falls due in each year, in cents, row by row, worked out with integers: amounts in
// hundredths times percents in hundredths, over ten thousand.
func (b bankOnPaper) flow() map[cost.Item][]*big.Int {
	rows := map[cost.Item][]*big.Int{}
	for year := 0; year <= b.years; year++ {
		at := func(item cost.Item, due bool, num, den *big.Int) {
			cents := big.NewInt(0)
			if due {
				cents = half(num, den)
			}
			rows[item] = append(rows[item], cents)
		}
		purchase := product(b.modules, b.price)
		percent := func(p int64) *big.Int { return product(b.modules, b.price, p) }
		ten := big.NewInt(10_000)
		at(cost.Purchase, year == 0, purchase, big.NewInt(1))
		at(cost.Installation, year == 0, percent(b.installation), ten)
		at(cost.Maintenance, year > 0, percent(b.maintenance), ten)
		at(cost.Upgrade, year > 0 && year < b.years && year%b.every == 0, percent(b.upgrade), ten)
		grown := power(10_000+b.growth, max(year-1, 0))
		at(cost.Staff, year > 0, grown.Mul(grown, product(b.parcels, b.minutes, b.wage)),
			new(big.Int).Mul(product(60, 100), power(10_000, max(year-1, 0))))
		at(cost.Rent, year > 0, product(b.area, b.rent), big.NewInt(100))
	}
	return rows
}

// present discounts by Horner's rule from the last year back: ((c_n / q + c_n-1) / q + ...) + c_0.
func (b bankOnPaper) present(flow []*big.Int) *big.Int {
	num, den := big.NewInt(0), big.NewInt(1)
	for year := len(flow) - 1; year > 0; year-- {
		num.Add(num, new(big.Int).Mul(flow[year], den))
		num.Mul(num, big.NewInt(10_000))
		den.Mul(den, big.NewInt(10_000+b.discount))
	}
	num.Add(num, new(big.Int).Mul(flow[0], den))
	return half(num, den)
}

// Every amount equals a recomputation with whole numbers, to the cent.
func TestCompute_ToTheCent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := drawBank(t)
		got, err := cost.Compute(cost.Basis{
			Years: b.years, Discount: cost.Factor{Key: "d", Figure: hundredths(b.discount)}, Currency: "USD", Units: 7,
			ParcelsPerYear: float64(b.parcels), Growth: cost.Factor{Key: "g", Figure: hundredths(b.growth)},
		}, b.lines())
		if err != nil {
			t.Fatal(err)
		}
		flow := b.flow()
		total, present := int64(0), int64(0)
		for _, row := range got.Rows {
			want, ok := flow[row.Item]
			if !ok {
				if row.Total.Mid != 0 {
					t.Errorf("%s costs %d, want nothing", row.Item, row.Total.Mid)
				}
				continue
			}
			sum := big.NewInt(0)
			for _, cents := range want {
				sum.Add(sum, cents)
			}
			if row.Start.Mid != want[0].Int64() || row.Year.Mid != want[1].Int64() || row.Total.Mid != sum.Int64() {
				t.Errorf("%s is %d at the start, %d in year 1, %d in all; on paper %v, %v, %v", row.Item, row.Start.Mid,
					row.Year.Mid, row.Total.Mid, want[0], want[1], sum)
			}
			if p := b.present(want); row.Present.Mid != p.Int64() {
				t.Errorf("%s is worth %d today, on paper %v", row.Item, row.Present.Mid, p)
			}
			total += row.Total.Mid
			present += row.Present.Mid
		}
		if got.Total.Mid != total || got.Present.Mid != present {
			t.Errorf("the table adds up to %d and %d, its foot says %d and %d", total, present, got.Total.Mid, got.Present.Mid)
		}
	})
}

// The annuity has the present value of the whole: n equal payments at the end of the years.
func TestCompute_Annuity(t *testing.T) {
	t.Parallel()
	lines := []cost.Line{{Item: cost.Purchase, Timing: cost.Once, Factors: []cost.Factor{{Key: "p", Figure: figure.Of(10_000, "test")}}}}
	got, err := cost.Compute(cost.Basis{
		Years: 10, Discount: cost.Factor{Key: "d", Figure: figure.Of(5, "test")}, Currency: "USD", Units: 20, ParcelsPerYear: 1000,
		Growth: cost.Factor{Key: "g", Figure: figure.Of(0, "test")},
	}, lines)
	if err != nil {
		t.Fatal(err)
	}
	// 10,000 x 0.05 / (1 - 1.05^-10) = 1295.045749...; over 240 unit months 5.396; over 7721.7349 parcels 1.29504...
	if got.Annuity.Mid != 129_505 || got.UnitMonth.Mid != 540 || got.Parcel.Mid != 130 {
		t.Errorf("got an annuity of %d, %d per unit and month, %d per parcel, want 129505, 540, 130",
			got.Annuity.Mid, got.UnitMonth.Mid, got.Parcel.Mid)
	}
}

// A decimal figure counts as it is written: 2.675 is no binary fraction below the half.
func TestCompute_DecimalHalves(t *testing.T) {
	t.Parallel()
	for amount, want := range map[float64]int64{2.675: 268, 1.005: 101, 0.145: 15, 8.495: 850} {
		lines := []cost.Line{{Item: cost.Service, Timing: cost.Once, Factors: []cost.Factor{{Key: "p", Figure: figure.Of(amount, "test")}}}}
		got, err := cost.Compute(basis(1), lines)
		if err != nil {
			t.Fatal(err)
		}
		if got.Total.Mid != want {
			t.Errorf("%v is %d cents, want %d", amount, got.Total.Mid, want)
		}
	}
}

func basis(years int) cost.Basis {
	return cost.Basis{
		Years: years, Discount: cost.Factor{Key: "discount_percent", Figure: figure.Range(3, 5, 8, "test")}, Currency: "USD",
		Units: 10, ParcelsPerYear: 5000, Growth: cost.Factor{Key: "growth", Figure: figure.Range(0, 3, 6, "test")},
	}
}

func quantities() cost.Quantities {
	return cost.Quantities{
		Doors: 60, Banks: 2, RoomM2: 4, FloorM2: 15, Units: 10, DeskParcels: 12,
		ByLocker: figure.Of(4000, "test"), ByRoom: figure.Of(600, "test"), ByStaff: figure.Of(300, "test"),
		NoPlace: figure.Of(100, "test"), Growth: figure.Range(0, 3, 6, "test"),
	}
}

// Every item of the table comes up, each figure with unit and source.
func TestLines_Complete(t *testing.T) {
	t.Parallel()
	rates := cost.DefaultRates()
	q := quantities()
	q.OffSite = true
	got, err := cost.Compute(basis(12), cost.Lines(q, rates))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != len(cost.Items()) {
		t.Errorf("got %d rows, want %d", len(got.Rows), len(cost.Items()))
	}
	for _, row := range got.Rows {
		if row.Total.Low > row.Total.Mid || row.Total.Mid > row.Total.High || row.Present.Mid > row.Total.Mid {
			t.Errorf("%s: %+v discounted to %+v is out of order", row.Item, row.Total, row.Present)
		}
		for _, l := range row.Lines {
			for _, f := range l.Factors {
				if f.Figure.Source == "" || f.Key == "" {
					t.Errorf("%s: factor %q has no source", row.Item, f.Key)
				}
			}
		}
	}
}

// The tornado's ends are what the table says with one figure moved, within the cents of rounding.
func TestTornado(t *testing.T) {
	t.Parallel()
	rates := cost.DefaultRates()
	base := basis(10)
	base.Discount.Figure = figure.Of(5, "test")
	got, err := cost.Compute(base, cost.Lines(quantities(), rates))
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []struct {
		name string
		move func(r *cost.Rates, f figure.Figure)
	}{
		{"staff_per_hour", func(r *cost.Rates, f figure.Figure) { r.StaffPerHour = f }},
		{"maintenance_percent", func(r *cost.Rates, f figure.Figure) { r.MaintenancePercent = f }},
	} {
		var swing cost.Swing
		for _, s := range got.Tornado {
			if s.Key == end.name {
				swing = s
			}
		}
		moved := rates
		end.move(&moved, swing.Figure.Only(swing.Figure.High))
		want, err := cost.Compute(base, cost.Lines(quantities(), moved))
		if err != nil {
			t.Fatal(err)
		}
		if d := want.Present.Mid - swing.High; d > 60 || d < -60 { // half a cent for each amount of each year
			t.Errorf("%s: high end %d, recomputed %d", end.name, swing.High, want.Present.Mid)
		}
	}
	for i := 1; i < len(got.Tornado); i++ {
		if width(got.Tornado[i]) > width(got.Tornado[i-1]) {
			t.Errorf("bar %d is wider than the one before", i)
		}
	}
}

func width(s cost.Swing) int64 { return max(s.High-s.Low, s.Low-s.High) }

// Monte-Carlo is seeded, lies within the extremes, and meets the mean of a PERT law.
func TestMonteCarlo(t *testing.T) {
	t.Parallel()
	b := basis(1)
	b.Discount.Figure, b.Growth.Figure = figure.Of(0, "test"), figure.Of(0, "test")
	lines := []cost.Line{{
		Item: cost.Service, Timing: cost.Once,
		Factors: []cost.Factor{{Key: "fee", Figure: figure.Range(100, 200, 600, "test")}},
	}}
	a, err := cost.MonteCarlo(b, lines, 20_000, 7)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := cost.MonteCarlo(b, lines, 20_000, 7)
	other, _ := cost.MonteCarlo(b, lines, 20_000, 8)
	if a != again || a == other {
		t.Errorf("got %+v, again %+v, with another seed %+v", a, again, other)
	}
	// (100 + 4 x 200 + 600)/6 = 250; the standard error of the mean is about 0.7.
	if a.Mean < 24_700 || a.Mean > 25_300 || a.P5 < 10_000 || a.P95 > 60_000 || a.P5 >= a.P50 || a.P50 >= a.P95 {
		t.Errorf("got %+v, want a mean of 25000 between 10000 and 60000", a)
	}
}

func TestCompute_Problems(t *testing.T) {
	t.Parallel()
	huge := []cost.Line{{Item: cost.Service, Timing: cost.Once, Factors: []cost.Factor{{Key: "f", Figure: figure.Of(1e300, "test")}}}}
	zero := []cost.Line{{Item: cost.Service, Timing: cost.Once, Factors: []cost.Factor{{Key: "f", Figure: figure.Of(0, "test"), Divide: true}}}}
	less := basis(5)
	less.Discount.Figure = figure.Of(-100, "test")
	no := basis(5)
	no.Units = 0
	for name, tt := range map[string]struct {
		basis cost.Basis
		lines []cost.Line
		want  string
	}{
		"years":    {basis(0), nil, "horizon of 0 years"},
		"units":    {no, nil, "0 units"},
		"huge":     {basis(5), huge, "beyond any building"},
		"zero":     {basis(5), zero, "f: division by zero"},
		"discount": {less, huge[:0], "leaves nothing"},
	} {
		if _, err := cost.Compute(tt.basis, tt.lines); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := cost.MonteCarlo(basis(5), nil, 0, 1); err == nil {
		t.Error("no runs were taken")
	}
}
