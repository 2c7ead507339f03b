package text

import "strconv"

// Band is a third of a column's height.
type Band string

// The bands of a column, from the top.
const (
	BandTop    Band = "top"
	BandMiddle Band = "middle"
	BandBottom Band = "bottom"
)

// BandOf returns the band of a door whose middle lies at part of the column's height, counted
// from the top: 0 is the top edge, 1 the bottom edge.
func BandOf(part float64) Band {
	switch {
	case part < 1.0/3:
		return BandTop
	case part < 2.0/3:
		return BandMiddle
	}
	return BandBottom
}

// maxNamedColumn is the last column with an ordinal of its own; wider banks are counted.
const maxNamedColumn = 12

// Column returns the ordinal of a column counted from 1 at the left, e.g. "2nd column".
func (p *Printer) Column(n int) string {
	if n < 1 || n > maxNamedColumn {
		return p.T("place.column", "n", n)
	}
	return p.T("place.column." + strconv.Itoa(n))
}

// Position says where a door is, e.g. "2nd column, middle".
func (p *Printer) Position(column int, band Band) string {
	return p.T("place.position", "column", p.Column(column), "band", p.T("place.band."+string(band)))
}

// Size returns the word for a size letter (S, M, L, XL), e.g. "Small".
func (p *Printer) Size(letter string) string { return p.T("size." + letter) }
