package api_test

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/client"
	"cubby/internal/api"
	"cubby/internal/cloud/audit"
)

// clientOfAudits goes through audits; what a site answers to is tested beside internal/cloud/round.
func clientOfAudits(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	const site = "harbour"
	if _, err := c.Audit(ctx, site); !hasCode(err, "NOT_FOUND") {
		t.Errorf("an audit before the first one: %v", err)
	}
	made, err := c.RunAudit(ctx, site)
	if must(t, err); len(made.Differences) != 1 || made.Differences[0].Kind != "no_door" || made.Entered != 1 || made.Stored != 1 { // this test's courier opens none
		t.Errorf("audit %+v", made)
	}
	last, err := c.Audit(ctx, site)
	if must(t, err); !last.At.Equal(made.At) {
		t.Errorf("last audit %+v", last)
	}
	id, err := c.BeginRound(ctx, site, client.RoundDraft{Scope: "all", Reason: "Weekly look"})
	must(t, err)
	if err := c.OpenRoundPlace(ctx, site, id, "main/Z99"); !hasCode(err, "PLACE_UNKNOWN") {
		t.Errorf("opened a place that is not there: %v", err)
	}
	if err := c.AnswerRoundPlace(ctx, site, id, "main/Z99", client.RoundAnswer{Said: "empty"}); !hasCode(err, "PLACE_UNKNOWN") {
		t.Errorf("said something of a place that is not there: %v", err)
	}
	must(t, c.SkipRoundPlace(ctx, site, id, "main/A01"))
	detail, err := c.Round(ctx, site, id)
	if must(t, err); detail.Done != 1 || detail.Places[0].State != "skipped" || detail.Reason != "Weekly look" {
		t.Errorf("guided audit %+v", detail)
	}
	must(t, c.FinishRound(ctx, site, id))
	all, err := c.Rounds(ctx, site)
	if must(t, err); len(all) != 1 || all[0].EndedAt.IsZero() {
		t.Errorf("guided audits %+v", all)
	}
}

func hasCode(err error, code client.Code) bool {
	var problem *client.Error
	return errors.As(err, &problem) && problem.Code == code
}

func TestRegisterAudit(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	must(t, api.RegisterAudit(registry, func() (uint64, map[audit.Kind]int) { return 3, map[audit.Kind]int{audit.Ghost: 2} }))
	found, err := registry.Gather()
	if must(t, err); len(found) != 2 || found[0].GetName() != "cubby_audit_differences" || found[1].GetName() != "cubby_audit_runs_total" ||
		found[0].GetMetric()[0].GetGauge().GetValue() != 2 || found[1].GetMetric()[0].GetCounter().GetValue() != 3 {
		t.Errorf("figures %v", found)
	}
	if api.RegisterAudit(nil, nil) == nil {
		t.Error("registered nowhere")
	}
}
