// Package guess says how hard the codes of a site are to guess, and refuses policies under which they
// would be too easy. It knows tables and rules, no principals.
package guess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

const (
	// maxTimes bounds the times of a policy, whatever their unit: more is a typing error.
	maxTimes = 10_000
	// maxGuesses is the most wrong codes a day that a policy can name at all.
	maxGuesses = 1000
)

// Assess returns what a site's policy for codes is worth with the codes that are valid there now, or may
// be at any time: a door that is empty has a code as soon as a parcel lies in it.
func Assess(ctx context.Context, q *db.Queries, site db.Site) (credential.Assessment, error) {
	var policy locker.Policy
	if err := json.Unmarshal([]byte(site.Policy), &policy); err != nil {
		return credential.Assessment{}, fmt.Errorf("read the policy of site %s: %w", site.ID, err)
	}
	counts, err := countsOf(ctx, q, site)
	if err != nil {
		return credential.Assessment{}, err
	}
	codes := codesOf(policy)
	if policy.Guesses == 0 { // a site lowers the default by itself
		if fitted, err := credential.Fit(codes, counts); err == nil {
			codes = fitted
		}
	}
	return credential.Assess(codes, counts), nil
}

// codesOf returns how codes are made and limited under a policy of a site.
func codesOf(policy locker.Policy) credential.Policy {
	codes := credential.DefaultPolicy()
	codes.Limits = codes.Limits.Guesses(policy.Guesses)
	return codes
}

// countsOf counts the codes of a site.
func countsOf(ctx context.Context, q *db.Queries, site db.Site) (credential.Counts, error) {
	counts := credential.Counts{PerNumber: credential.DefaultCounts().PerNumber}
	var layout locker.Layout
	if err := json.Unmarshal([]byte(site.Layout), &layout); err != nil {
		return counts, fmt.Errorf("read the layout of site %s: %w", site.ID, err)
	}
	n, err := q.CountCodes(ctx, site.ID)
	if err != nil {
		return counts, fmt.Errorf("count the codes of site %s: %w", site.ID, err)
	}
	counts.Live = max(int(n.Stays), len(layout.Places())) + int(n.Couriers+n.Staff+n.Passes)
	units, err := q.ListCodesOfUnits(ctx, db.ListCodesOfUnitsParams{Site: site.ID, Page: 1})
	if err != nil {
		return counts, fmt.Errorf("count the codes of the units of site %s: %w", site.ID, err)
	}
	for _, u := range units {
		counts.PerNumber = max(counts.PerNumber, int(u.Codes+n.Passes))
	}
	return counts, nil
}

// Check refuses a policy whose numbers make no sense, or that makes the codes of a site too easy to
// guess, with INPUT_INVALID and a sentence that says what to change. The site need not exist yet.
func Check(ctx context.Context, q *db.Queries, site db.Site, policy locker.Policy) error {
	for _, n := range []int{
		policy.HoldHours, policy.UndoSeconds, policy.GraceSeconds, policy.OpenSeconds, policy.AjarSeconds, policy.ReserveMinutes,
	} {
		if n < 0 || n > maxTimes {
			return locker.Errorf(locker.CodeInputInvalid, "a time of the policy is not 1 to %d", maxTimes)
		}
	}
	if policy.Guesses < 0 || policy.Guesses > maxGuesses {
		return locker.Errorf(locker.CodeInputInvalid, "wrong codes a day are 1 to %d, or 0 for the default", maxGuesses)
	}
	if policy.Guesses == 0 { // the site lowers the default by itself
		return nil
	}
	counts, err := countsOf(ctx, q, site)
	if err != nil {
		return err
	}
	a := credential.Assess(codesOf(policy), counts)
	if errors.Is(a.Wrong, credential.ErrWeak) {
		return locker.Errorf(locker.CodeInputInvalid, "%s", a.Why())
	}
	return a.Wrong
}
