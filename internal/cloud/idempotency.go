package cloud

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Reply is the stored answer to a request that changed something.
type Reply struct {
	Status int
	Body   []byte
}

// Once runs do for the first request with a key and gives every later one the same reply. The same
// key with another request is CONFLICT, as is one that is still at work. Keys live for 24 hours.
func (c *Cloud) Once(ctx context.Context, p Principal, key string, request []byte, do func(context.Context) (Reply, error)) (Reply, error) {
	key, err := checkText("idempotency key", key, 1, maxIdempotencyKey)
	if err != nil {
		return Reply{}, err
	}
	hash := sha256.Sum256(request)
	first := false
	err = c.store.Guarded(ctx, func(q *db.Queries) error {
		n, err := q.CreateIdempotencyKey(ctx, db.CreateIdempotencyKeyParams{
			Principal: p.User, Key: key, RequestHash: hash[:], CreatedAt: c.millis(), Empty: []byte{},
		})
		first = n > 0
		return err
	})
	if err != nil {
		return Reply{}, fmt.Errorf("keep an idempotency key: %w", err)
	}
	if !first {
		return c.repeated(ctx, p, key, hash)
	}
	reply, err := do(ctx)
	write := context.WithoutCancel(ctx) // the answer counts even when the asker has left
	if err != nil {
		dropped := c.store.Guarded(write, func(q *db.Queries) error {
			return q.DropIdempotencyKey(write, db.DropIdempotencyKeyParams{Principal: p.User, Key: key})
		})
		return Reply{}, errors.Join(err, dropped)
	}
	err = c.store.Guarded(write, func(q *db.Queries) error {
		return q.FinishIdempotencyKey(write, db.FinishIdempotencyKeyParams{
			Status: int64(reply.Status), Response: orEmpty(reply.Body), Principal: p.User, Key: key,
		})
	})
	if err != nil {
		return Reply{}, fmt.Errorf("keep an answer: %w", err)
	}
	return reply, nil
}

const (
	maxIdempotencyKey = 200
	idempotencyLife   = 24 * time.Hour
)

func (c *Cloud) repeated(ctx context.Context, p Principal, key string, hash [sha256.Size]byte) (Reply, error) {
	row, err := c.store.Read().FindIdempotencyKey(ctx, db.FindIdempotencyKeyParams{Principal: p.User, Key: key})
	switch {
	case err != nil:
		return Reply{}, notFound(err, "idempotency key")
	case string(row.RequestHash) != string(hash[:]):
		return Reply{}, locker.Errorf(locker.CodeConflict, "this idempotency key was used for another request")
	case row.Status == 0:
		return Reply{}, locker.Errorf(locker.CodeConflict, "the first request with this key is still at work")
	}
	return Reply{Status: int(row.Status), Body: row.Response}, nil
}
