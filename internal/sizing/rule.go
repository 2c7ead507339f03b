package sizing

import (
	"context"
	"fmt"
	"math"

	"cubby/internal/sizing/mix"
)

// thumb is a rule of thumb for the number of doors.
type thumb struct {
	code, text, source string
	doors              float64
}

// thumbs are the vendors' rules for a demand.
func (s *solver) thumbs() []thumb {
	daily := s.answer.Demand.ParcelsPerDay
	units := float64(s.problem.Demand.Units)
	return []thumb{
		{"package_concierge", "1.75 doors per daily parcel", "Package Concierge", 1.75 * daily},
		{"parcel_port_2_days", "30 % more doors than daily parcels, where parcels expire after 2 days", "The Parcel Port", 1.3 * daily},
		{"parcel_port_3_days", "50 % more doors than daily parcels, where parcels expire after 3 days", "The Parcel Port", 1.5 * daily},
		{"usps_1_to_5", "one parcel door per five mailboxes, one mailbox per unit", "USPS STD-4C", units / 5},
	}
}

// rules simulates what the rules of thumb would give, in the proportions of the recommended bank.
func (s *solver) rules(ctx context.Context) error {
	thumbs := s.thumbs()
	banks := make([][]int, len(thumbs))
	for i, t := range thumbs {
		banks[i] = mix.Proportional(s.chosen.doors, max(int(math.Ceil(t.doors-1e-9)), 1))
	}
	results, err := s.simulate(ctx, s.withBanks(banks), s.years())
	if err != nil {
		return err
	}
	for i, t := range thumbs {
		doors := 0
		for _, n := range banks[i] {
			doors += n
		}
		s.answer.Rules = append(s.answer.Rules, Rule{
			Code: t.code, Source: t.source, Doors: doors,
			Text: fmt.Sprintf("%s: %d doors", t.text, doors),
			Loss: percents(results[i].Normal.Loss, ofParcels), Peak: percents(results[i].Peak.Loss, ofParcels),
		})
	}
	return nil
}
