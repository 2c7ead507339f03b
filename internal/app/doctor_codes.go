package app

import (
	"context"
	"errors"
	"log/slog"

	"cubby/internal/cloud"
	"cubby/internal/credential"
)

// codesFindings says for each site of the first owner how hard its codes are to guess. Without an owner
// there are no sites, and nothing to say.
func codesFindings(ctx context.Context, c *cloud.Cloud) []Finding {
	p, err := c.Operator(ctx, "")
	if err != nil {
		return nil
	}
	sites, err := c.Sites(ctx, p)
	if err != nil {
		return []Finding{{What: "codes", Wrong: err}}
	}
	var findings []Finding
	for _, s := range sites {
		f := Finding{What: "codes of " + s.Name}
		a, err := c.Codes(ctx, p, s.ID)
		switch {
		case err != nil:
			f.Wrong = err
		case a.Wrong != nil:
			f.Wrong = errors.New(a.Why())
			f.Advice = "Its controller takes fewer guesses meanwhile; see `cubby doctor codes`."
		default:
			f.Detail = "a stranger opens something in a year with chance " + credential.FormatChance(a.Chance)
		}
		findings = append(findings, f)
	}
	return findings
}

// warnOfCodes logs the sites whose codes have become too easy to guess. The server starts all the same:
// their controllers lower the guesses by themselves, and nobody must be locked out for it.
func (s *Server) warnOfCodes(ctx context.Context) {
	for _, f := range codesFindings(ctx, s.Cloud) {
		if f.Wrong != nil {
			s.opts.Logger.WarnContext(ctx, "codes are easy to guess", slog.String("what", f.What), slog.Any("error", f.Wrong))
		}
	}
}
