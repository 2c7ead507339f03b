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

func reason(code, text string, figures ...Figure) Reason {
	return Reason{Code: code, Text: text, Figures: figures}
}
