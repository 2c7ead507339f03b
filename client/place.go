package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Wall returns a site as its live wall shows it.
func (c *Client) Wall(ctx context.Context, site string) (Wall, error) {
	return call[Wall](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/wall", site)})
}

// Banks lists the banks of a site with counts.
func (c *Client) Banks(ctx context.Context, site string) iter.Seq2[Bank, error] {
	return list[Bank](ctx, c, at("/sites/%s/banks", site), nil)
}

// Compartments lists the compartments of a site, those in one status only unless it is empty.
func (c *Client) Compartments(ctx context.Context, site, status string) iter.Seq2[Place, error] {
	return list[Place](ctx, c, at("/sites/%s/compartments", site), params().text("status", status).values)
}

// Compartment returns a compartment with its stays and its timeline.
func (c *Client) Compartment(ctx context.Context, site, place string) (PlaceDetail, error) {
	return call[PlaceDetail](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/compartments/%s", site, place)})
}

// Places lists compartments, shelves and the desk; kind ("compartment", "shelf", "desk") and status choose
// unless they are empty.
func (c *Client) Places(ctx context.Context, site, kind, status string) iter.Seq2[Place, error] {
	return list[Place](ctx, c, at("/sites/%s/places", site), params().text("kind", kind).text("status", status).values)
}

// Place returns a place with its stays and its timeline.
func (c *Client) Place(ctx context.Context, site, place string) (PlaceDetail, error) {
	return call[PlaceDetail](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/places/%s", site, place)})
}

// Asked is something that was asked of a site. [Client.Await] tells what it answered.
type Asked struct {
	ID string `json:"id"` // of the intent
}

func (c *Client) ask(ctx context.Context, method, path string, body any) (Asked, error) {
	return call[Asked](ctx, c, request{method: method, path: path, body: body})
}

type reasoned struct {
	Reason string `json:"reason"`
}

// OpenPlace asks to open a door from afar.
func (c *Client) OpenPlace(ctx context.Context, site, place, reason string) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/places/%s/open", site, place), reasoned{reason})
}

// SetService asks to take a compartment out of service, or to put it back.
func (c *Client) SetService(ctx context.Context, site, place string, out bool, reason string) (Asked, error) {
	return c.ask(ctx, http.MethodPatch, at("/sites/%s/compartments/%s", site, place), struct {
		Out    bool   `json:"out_of_service"`
		Reason string `json:"reason"`
	}{out, reason})
}

// Verify tells the site what somebody saw in a place.
func (c *Client) Verify(ctx context.Context, site, place string, occupied bool) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/places/%s/verify", site, place), struct {
		Occupied bool `json:"occupied"`
	}{occupied})
}

// Reserve asks to keep a compartment free for a unit or a courier.
func (c *Client) Reserve(ctx context.Context, site string, d ReservationDraft) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/reservations", site), d)
}

// CancelReservation asks to free a reserved compartment.
func (c *Client) CancelReservation(ctx context.Context, site, reservation string) (Asked, error) {
	return c.ask(ctx, http.MethodDelete, at("/sites/%s/reservations/%s", site, reservation), nil)
}

// Reboot asks a controller to restart.
func (c *Client) Reboot(ctx context.Context, site, reason string) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/reboot", site), reasoned{reason})
}

// Intent returns what was asked and its answer as it is now.
func (c *Client) Intent(ctx context.Context, id string) (Intent, error) { return c.intent(ctx, id, 0) }

// longestWait is what the server waits at most for one question.
const longestWait = 10 * time.Second

// Await waits until a site answered, or until the intent has expired, which it does within minutes. State
// of the intent then is "done", "refused" (Code says why) or "expired" (nothing will happen).
func (c *Client) Await(ctx context.Context, a Asked) (Intent, error) {
	for {
		i, err := c.intent(ctx, a.ID, longestWait)
		if err != nil || i.State != "pending" {
			return i, err
		}
		if err := sleep(ctx, firstPause); err != nil {
			return i, err
		}
	}
}

func (c *Client) intent(ctx context.Context, id string, wait time.Duration) (Intent, error) {
	return call[Intent](ctx, c, request{
		method: http.MethodGet, path: at("/intents/%s", id), query: params().number("wait", int(wait.Seconds())).values,
	})
}
