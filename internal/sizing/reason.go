package sizing

import (
	"cubby/internal/sizing/figure"
)

// computed is the source of a figure that the planner itself worked out.
const computed = "computed by this plan"

func number(v float64) string { return figure.Number(v) }

// measured is a figure that the planner worked out, rounded for a sentence.
func measured(v float64, unit string) Figure {
	return figure.Of(round(v, 4), computed).In(unit)
}

func millimetres(mm int) Figure { return measured(float64(mm), "mm") }

func reason(code, text string, figures ...Figure) Reason {
	return Reason{Code: code, Text: text, Figures: figures}
}

// ReasonCodes lists every code that a Reason of an answer may have, for whoever translates them. What
// a code's Figures and Words are is said by its English text.
func ReasonCodes() []string {
	return []string{
		// why
		"target_held", "target_missed", "smaller", "smaller_room", "smaller_dearer", "smaller_no_room", "compared", "compared_unfit", "compared_missed", "compared_no_room",
		"bracket", "width", "open_room_trust",
		// what is missed
		"reach_share", "reach_size", "no_room", "room_too_small",
		// what would have to give
		"wall_too_short", "floor_too_shallow", "ceiling", "ceiling_too_low", "more_wall", "shorter_hold", "fewer_parcels", "lift_quotas",
		"room_beside", "weaker_target",
		// warnings
		"no_door_for_size", "door_smaller_than_class", "catalogue_currency",
	}
}

// RuleCodes lists the codes of the rules of thumb.
func RuleCodes() []string {
	return []string{"package_concierge", "parcel_port_2_days", "parcel_port_3_days", "usps_1_to_5"}
}

// SwingCodes lists the codes of the figures that the sensitivity moves.
func SwingCodes() []string {
	return []string{"rate", "dwell", "hold", "growth", "design_years", "peak", "pickup"}
}
