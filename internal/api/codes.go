package api

import (
	"context"

	"cubby/internal/cloud"
	"cubby/internal/credential"
)

// Codes is how hard the codes of a site are to guess.
type Codes struct {
	Scheme    string  `json:"scheme" doc:"What a code consists of." example:"8 of 20 symbols + check, or unit + 9 digits, or QR token"`
	Live      int     `json:"live_codes" doc:"Most codes that are valid at a time: of parcels, couriers, passes and staff."`
	PerNumber int     `json:"codes_of_a_unit" doc:"Most codes that are valid under one unit's number."`
	Guesses   float64 `json:"guesses_a_day" doc:"Wrong codes that the site takes in a day before it asks for the unit too."`
	Most      int     `json:"guesses_allowed" doc:"The most that its policy may name. 0: there are too many codes."`
	Chance    float64 `json:"chance" doc:"That a stranger opens anything in a year, 0 to 1." example:"0.000057"`
	MaxChance float64 `json:"max_chance" doc:"The greatest that is allowed." example:"0.0001"`
	Wrong     string  `json:"wrong,omitempty" doc:"Why that is too easy, and what to change. The site takes fewer guesses meanwhile."`
}

func (a *API) getCodes(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Codes], error) {
	v, err := a.cloud.Codes(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	return answer(Codes{
		Scheme: v.Policy.String(), Live: v.Counts.Live, PerNumber: v.Counts.PerNumber, Guesses: v.Policy.Limits.Site.PerDay(),
		Most: v.Most, Chance: v.Chance, MaxChance: credential.MaxChance, Wrong: v.Why(),
	}, nil)
}
