package holder

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"

	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// MaxBrowsers bounds how many browsers of one recipient are told: the latest ones.
const MaxBrowsers = 5

// Browser is what a browser says of where to send messages to it. Source: W3C Push API §8,
// PushSubscriptionJSON.
type Browser struct {
	Endpoint string
	P256DH   string // public key, unpadded base64url of 65 bytes
	Auth     string // secret, unpadded base64url of 16 bytes
}

const maxEndpoint = 1000 // bytes

func (b Browser) check() error {
	u, err := url.Parse(b.Endpoint)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(b.Endpoint) > maxEndpoint {
		return locker.Errorf(locker.CodeInputInvalid, "this is no address for messages to a browser")
	}
	key, err := base64.RawURLEncoding.DecodeString(b.P256DH)
	if err != nil || len(key) != 65 || key[0] != 4 { // Source: RFC 8291 §2.1, an uncompressed point
		return locker.Errorf(locker.CodeInputInvalid, "this is no key of a browser")
	}
	secret, err := base64.RawURLEncoding.DecodeString(b.Auth)
	if err != nil || len(secret) != 16 { // Source: RFC 8291 §3.2
		return locker.Errorf(locker.CodeInputInvalid, "this is no secret of a browser")
	}
	return nil
}

// AddBrowser has a browser told of the holder's parcels.
func (d *Desk) AddBrowser(ctx context.Context, token string, b Browser) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	return d.store.Tx(ctx, func(q *db.Queries) error {
		err := q.PutPushSubscription(ctx, db.PutPushSubscriptionParams{
			ID: d.newID(), Recipient: r.ID, Endpoint: b.Endpoint, PublicKey: b.P256DH, Auth: b.Auth, CreatedAt: d.millis(),
		})
		if err != nil {
			return fmt.Errorf("store a browser: %w", err)
		}
		return nil
	})
}

// RemoveBrowsers has no browser told any more.
func (d *Desk) RemoveBrowsers(ctx context.Context, token string) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	return d.store.Tx(ctx, func(q *db.Queries) error { return q.DeletePushSubscriptionsOf(ctx, r.ID) })
}
