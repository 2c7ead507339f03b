package controller

import "slices"

// equal reports whether two turns show the same. It compares every field, as a test holds.
func (t *Turn) equal(o *Turn) bool {
	return t.Version == o.Version && t.Session == o.Session && t.Role == o.Role && t.Step == o.Step && t.Now == o.Now &&
		same(t.Door, o.Door) && t.Purpose == o.Purpose && t.Attempt == o.Attempt && t.OpenSince == o.OpenSince &&
		t.Ajar == o.Ajar && t.Watched == o.Watched && t.CanReopen == o.CanReopen && t.Remaining == o.Remaining &&
		t.Reported == o.Reported && same(t.Failure, o.Failure) &&
		t.Masked == o.Masked && t.Unit == o.Unit && slices.Equal(t.Matches, o.Matches) && slices.Equal(t.Sizes, o.Sizes) &&
		t.Cold == o.Cold && slices.Equal(t.Options, o.Options) && same(t.Last, o.Last) && t.Stored == o.Stored &&
		slices.Equal(t.Duties, o.Duties) && slices.EqualFunc(t.Doors, o.Doors, DoorState.equal) &&
		same(t.Issued, o.Issued) && t.Service == o.Service
}

func (s DoorState) equal(o DoorState) bool {
	return s.Door == o.Door && s.State == o.State && s.Out == o.Out && s.Doubt == o.Doubt && s.Reserved == o.Reserved &&
		slices.Equal(s.Faults, o.Faults) && slices.Equal(s.Stays, o.Stays)
}

// same reports whether two pointers lead to the same value, or nowhere.
func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
