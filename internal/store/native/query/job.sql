-- name: LeaseJob :one
-- Takes the oldest job of a kind that is due and that no other process is taking. It is due again, for
-- another worker, when the lease ends.
UPDATE outbox SET leased_until = sqlc.arg(leased_until), due_at = sqlc.arg(leased_until), attempts = attempts + 1
WHERE id = (
    SELECT o.id FROM outbox o
    WHERE o.kind = sqlc.arg(kind) AND o.state = 'live' AND o.due_at <= sqlc.arg(now)
    ORDER BY o.due_at, o.id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *;
