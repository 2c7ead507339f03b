package locker

import "time"

// Identities are distinct types so that one cannot be passed for another. All are opaque texts;
// new ones are UUIDv7 in lower case unless the layout names them.
type (
	// SiteID names a site.
	SiteID string
	// BankID names a bank within its site.
	BankID string
	// RoomID names a package room within its site.
	RoomID string
	// PlaceID names a compartment, a shelf or the desk within its site, e.g. "main/B07".
	PlaceID string
	// UnitID names a unit: an apartment, an office, a department, or the property itself.
	UnitID string
	// RecipientID names whoever a parcel is for.
	RecipientID string
	// CarrierID names a carrier, e.g. "ups".
	CarrierID string
	// CourierID names a courier's access: a person or a device that acts for a carrier.
	CourierID string
	// StaffID names a person of the staff.
	StaffID string
	// ParcelID names one item with a custody record.
	ParcelID string
	// StayID names one parcel's time in one place.
	StayID string
	// GrantID names a pass that the cloud issued: a delegate's, a visitor's.
	GrantID string
	// RequestID names one request to open one door: at most one pulse.
	RequestID string
	// SessionID names one person's turn at a kiosk or a counter.
	SessionID string
	// IntentID names something that the cloud asked of the site.
	IntentID string
	// ReservationID names a compartment kept free for somebody.
	ReservationID string
	// KeyID names the key that a code was derived under.
	KeyID string
	// AnnexRef is a random reference from a fact to the personal data that travels beside it.
	AnnexRef string
)

// Millis is a moment in milliseconds since 1970-01-01 UTC. Zero means not set.
type Millis int64

// At returns t as Millis, and zero for the zero time.
func At(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time returns m in UTC, and the zero time for zero.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// Add returns m moved by d, rounded down to a millisecond.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }
