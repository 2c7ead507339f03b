package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"cubby/client"
	"cubby/internal/api"
	"cubby/internal/auth"
)

func clientOfWebhooks(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	made, err := c.CreateWebhook(ctx, client.WebhookDraft{Name: "PMS", URL: "https://example.org/in", Kinds: []string{"parcel.stored"}})
	if must(t, err); made.ID == "" || !strings.HasPrefix(made.Secret, "whsec_") {
		t.Errorf("made %+v", made)
	}
	must(t, c.UpdateWebhook(ctx, made.ID, client.Edit{"kinds": nil, "name": "Property system"}))
	one, err := c.Webhook(ctx, made.ID)
	if must(t, err); one.Name != "Property system" || len(one.Kinds) != 0 || !one.Active || one.URL != "https://example.org/in" {
		t.Errorf("changed to %+v", one)
	}
	again, err := c.RotateWebhookSecret(ctx, made.ID)
	if must(t, err); again.Secret == made.Secret {
		t.Error("the new secret is the old one")
	}
	must(t, c.PingWebhook(ctx, made.ID))
	log, err := client.Collect(c.WebhookDeliveries(ctx, made.ID, "waiting"), 0)
	if must(t, err); len(log) != 1 || log[0].Kind != "ping" {
		t.Fatalf("log %+v", log)
	}
	must(t, c.RedeliverWebhook(ctx, made.ID, log[0].ID))
	n, err := c.ReplayWebhook(ctx, made.ID, client.WebhookSpan{Since: w.clock.now().Add(-1)})
	if must(t, err); n != 1 {
		t.Errorf("replayed %d", n)
	}
	must(t, c.RemoveWebhook(ctx, made.ID))
	all, err := client.Collect(c.Webhooks(ctx), 0)
	if must(t, err); len(all) != 0 {
		t.Errorf("left %+v", all)
	}
}

// The secret leaves once: no list, no log and no second look at a webhook shows it, and no addresses of
// the server's own network are taken.
func TestWebhooks_KeepTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := client.New(client.Options{
		URL: "https://cubby.example", Token: w.token(auth.Scopes()...), HTTP: &http.Client{Transport: &direct{api: w.api.Handler()}}, Tries: 1,
	})
	must(t, err)
	made, err := c.CreateWebhook(t.Context(), client.WebhookDraft{Name: "PMS", URL: "https://example.org/in"})
	must(t, err)
	token := w.token(auth.ScopeRead)
	for _, path := range []string{"/webhooks", "/webhooks/" + made.ID, "/webhooks/" + made.ID + "/deliveries"} {
		r := w.ask(asked{method: http.MethodGet, path: api.Prefix + path, token: token})
		if r.status != http.StatusOK || strings.Contains(r.body, strings.TrimPrefix(made.Secret, "whsec_")) {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	for _, url := range []string{"https://127.0.0.1/", "http://example.org/", "https://[::1]/", "https://10.0.0.1/"} {
		if _, err := c.CreateWebhook(t.Context(), client.WebhookDraft{Name: "x", URL: url}); err == nil {
			t.Errorf("%s was taken", url)
		}
	}
	if strings.Contains(w.log.String(), strings.TrimPrefix(made.Secret, "whsec_")) {
		t.Error("the secret stands in the log")
	}
}
