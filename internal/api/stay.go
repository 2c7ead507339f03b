package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

func (a *API) reassignStay(ctx context.Context, who cloud.Principal, in *struct {
	OfStay
	Body struct {
		Resident locker.RecipientID `json:"resident" minLength:"1" doc:"Id of whom it is for now."`
		Reason   string             `json:"reason" minLength:"3" maxLength:"500" doc:"Why." example:"wrong unit on the label"`
	}
},
) (*none, error) {
	return done(a.cloud.ReassignStay(ctx, who, in.Site, in.Stay, in.Body.Resident, in.Body.Reason))
}

// reasonedStay is a stay and why.
type reasonedStay struct {
	OfStay
	Body Reasoned
}

func (a *API) revokeStay(ctx context.Context, who cloud.Principal, in *reasonedStay) (*none, error) {
	return done(a.cloud.RevokeStay(ctx, who, in.Site, in.Stay, in.Body.Reason))
}

func (a *API) restoreStay(ctx context.Context, who cloud.Principal, in *reasonedStay) (*none, error) {
	return done(a.cloud.RestoreStay(ctx, who, in.Site, in.Stay, in.Body.Reason))
}

func (a *API) holdStay(ctx context.Context, who cloud.Principal, in *struct {
	OfStay
	Body struct {
		Until  time.Time `json:"until" doc:"The new \"collect by\"; at most 90 days from now."`
		Reason string    `json:"reason" minLength:"3" maxLength:"500" doc:"Why." example:"resident travels"`
	}
},
) (*none, error) {
	return done(a.cloud.HoldStay(ctx, who, in.Site, in.Stay, in.Body.Until, in.Body.Reason))
}

func (a *API) reissueCode(ctx context.Context, who cloud.Principal, in *reasonedStay) (*made[Named], error) {
	return asked(a.cloud.ReissueCode(ctx, who, in.Site, in.Stay, in.Body.Reason))
}

func (a *API) showStayCode(ctx context.Context, who cloud.Principal, in *reasonedStay) (*reply[Code], error) {
	code, err := a.cloud.StayCode(ctx, who, in.Site, in.Stay, in.Body.Reason)
	return answer(Code(code), err)
}
