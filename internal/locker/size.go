package locker

// Size is a size class of parcels and compartments. The zero value is invalid.
type Size string

// The size classes, smallest first.
const (
	SizeS  Size = "S"
	SizeM  Size = "M"
	SizeL  Size = "L"
	SizeXL Size = "XL"
)

// Sizes lists the size classes, smallest first.
func Sizes() []Size { return []Size{SizeS, SizeM, SizeL, SizeXL} }

// String returns the size class as people write it.
func (s Size) String() string { return string(s) }

// Rank returns 1 for the smallest size class and more for larger ones, and 0 for an invalid one.
func (s Size) Rank() int {
	switch s {
	case SizeS:
		return 1
	case SizeM:
		return 2
	case SizeL:
		return 3
	case SizeXL:
		return 4
	}
	return 0
}

// Valid reports whether s is a size class.
func (s Size) Valid() bool { return s.Rank() > 0 }

// Holds reports whether a compartment of size s holds a parcel of size p.
func (s Size) Holds(p Size) bool { return p.Valid() && s.Rank() >= p.Rank() }
