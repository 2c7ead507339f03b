package api

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// authenticate lets a request with a valid token of the right scopes through, and puts who asks
// into its context. Only a token that is valid gets an allowance, so that strangers cannot fill the
// limiter's memory.
func (a *API) authenticate(scopes []auth.Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		who, err := a.admit(r, scopes)
		if err != nil {
			a.refuse(ctx, err)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, who))
	}
}

func (a *API) admit(r *http.Request, scopes []auth.Scope) (caller, error) {
	ctx := r.Context()
	stranger := func(detail string) error {
		return a.newProblem(ctx, http.StatusUnauthorized, locker.CodeNotAllowed, detail)
	}
	secret, err := auth.BearerToken(r)
	if err != nil {
		return caller{}, stranger("send an API token: Authorization: Bearer cubby_…")
	}
	who := caller{token: secret.Digest()}
	who.Principal, err = a.cloud.Token(ctx, secret)
	if errors.Is(err, &locker.Error{Code: locker.CodeNotAllowed}) {
		return caller{}, stranger("this API token is unknown, over or revoked")
	}
	if err != nil {
		return caller{}, err
	}
	if ok, wait := a.limiter.Allow(hex.EncodeToString(who.token[:])); !ok {
		p := a.newProblem(ctx, http.StatusTooManyRequests, locker.CodeRateLimited, "this token asks too often")
		p.retryAfter = int(math.Ceil(wait.Seconds()))
		return caller{}, p
	}
	for _, s := range scopes {
		if !slices.Contains(who.Scopes, s) {
			return caller{}, locker.Errorf(locker.CodeNotAllowed, "this token lacks the scope %q", string(s))
		}
	}
	return who, nil
}

// caller is who asks, with which token.
type caller struct {
	cloud.Principal
	token auth.Digest
}

func callerOf(ctx context.Context) caller {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who
}

// seesPeople reports whether names, contacts and what people typed may be in the answer.
func seesPeople(who cloud.Principal) bool { return who.Allows(auth.ScopePII) }

// needPeople is for inputs that ask about people.
func needPeople(who cloud.Principal, what string) error {
	if seesPeople(who) {
		return nil
	}
	return locker.Errorf(locker.CodeNotAllowed, "%s needs the scope %q", what, string(auth.ScopePII))
}
