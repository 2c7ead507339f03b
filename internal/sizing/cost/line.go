package cost

import (
	"fmt"
	"math/big"
	"strconv"

	"cubby/internal/sizing/figure"
)

// Item is a row of the cost table. The zero value is invalid.
type Item string

// The items, in the order of the table.
const (
	Purchase     Item = "purchase"
	Installation Item = "installation"
	Power        Item = "power"
	Network      Item = "network"
	Software     Item = "software"
	Maintenance  Item = "maintenance"
	Upgrade      Item = "upgrade"
	Staff        Item = "staff"
	Failed       Item = "failed_deliveries"
	Rent         Item = "floor_rent"
	Service      Item = "service_fee"
)

// Items lists the items in the order of the table.
func Items() []Item {
	return []Item{
		Purchase, Installation, Power, Network, Software, Maintenance, Upgrade, Staff, Failed, Rent, Service,
	}
}

// String returns the item as programs write it.
func (i Item) String() string { return string(i) }

// Timing says when an amount falls due. The zero value is invalid.
type Timing uint8

// The timings: before the first year; at the end of every year; at the end of every n-th year but
// the last of the horizon.
const (
	Once Timing = iota + 1
	Yearly
	EveryFew
)

// String returns the timing as people say it.
func (t Timing) String() string {
	switch t {
	case Once:
		return "once"
	case Yearly:
		return "per year"
	case EveryFew:
		return "every few years"
	}
	return "invalid timing " + strconv.Itoa(int(t))
}

// Factor is one multiplicand of a line. Factors with the same key are the same figure: they move
// together in the tornado and in Monte-Carlo. Percent figures are divided by 100.
type Factor struct {
	Key     string        `json:"key"`
	Figure  figure.Figure `json:"figure"`
	Percent bool          `json:"percent,omitempty"`
	Divide  bool          `json:"divide,omitempty"`
}

// Line is an amount: the product of its factors, when Timing says. GrowthPercent raises it from
// year to year: the first year's amount is the product itself.
type Line struct {
	Item    Item     `json:"item"`
	Timing  Timing   `json:"-"`
	Every   int      `json:"every_years,omitempty"` // of EveryFew
	Factors []Factor `json:"factors"`
	Growth  *Factor  `json:"growth,omitempty"`
}

// due reports whether the line falls due at the end of a year; year 0 is the start.
func (l Line) due(year, years int) bool {
	switch l.Timing {
	case Once:
		return year == 0
	case Yearly:
		return year > 0
	case EveryFew:
		return year > 0 && year < years && l.Every > 0 && year%l.Every == 0
	}
	return false
}

// exact returns the decimal number that v is written as: 0.145 means 145/1000, not the nearest
// binary fraction, so that halves of a cent round as on paper.
func exact(v float64) (*big.Rat, error) {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
	if !ok {
		return nil, fmt.Errorf("%v is not a number", v)
	}
	return r, nil
}

// value returns what the factor multiplies by, at a level.
func (f Factor) value(level figure.Level) (*big.Rat, error) {
	r, err := exact(f.Figure.At(level))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Key, err)
	}
	if f.Percent {
		r.Quo(r, big.NewRat(100, 1))
	}
	if f.Divide {
		if r.Sign() == 0 {
			return nil, fmt.Errorf("%s: division by zero", f.Key)
		}
		r.Inv(r)
	}
	return r, nil
}

// amount returns the line's amount in the first year it can fall due, in the currency, unrounded.
func (l Line) amount(level figure.Level) (*big.Rat, error) {
	product := big.NewRat(1, 1)
	for _, f := range l.Factors {
		v, err := f.value(level)
		if err != nil {
			return nil, err
		}
		product.Mul(product, v)
	}
	return product, nil
}

// draws are values of figures by key, for one run of Monte-Carlo or one bar of the tornado.
// Whatever stands in no draw has its mid value.
type draws map[string]float64

func (d draws) of(f Factor) float64 {
	v, ok := d[f.Key]
	if !ok {
		v = f.Figure.Mid
	}
	if f.Percent {
		v /= 100
	}
	if f.Divide {
		v = 1 / v
	}
	return v
}
