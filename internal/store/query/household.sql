-- name: PutChannels :exec
INSERT INTO recipient_channels (recipient, channels, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (recipient) DO UPDATE SET channels = excluded.channels, changed_at = excluded.changed_at;

-- name: FindChannels :one
SELECT * FROM recipient_channels WHERE recipient = $1;

-- name: PutPushSubscription :exec
-- A browser has one address: whoever holds it last gets its messages.
INSERT INTO push_subscriptions (id, recipient, endpoint, public_key, auth, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (endpoint) DO UPDATE SET recipient = excluded.recipient, public_key = excluded.public_key,
    auth = excluded.auth, created_at = excluded.created_at;

-- name: ListPushSubscriptions :many
SELECT * FROM push_subscriptions WHERE recipient = $1 ORDER BY created_at DESC, id LIMIT sqlc.arg(page);

-- name: DeletePushSubscription :execrows
DELETE FROM push_subscriptions WHERE endpoint = $1;

-- name: DeletePushSubscriptionsOf :exec
DELETE FROM push_subscriptions WHERE recipient = $1;

-- name: CreateDelegate :exec
INSERT INTO delegates (id, recipient, name, site, stay, until, link_hash, revoked_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8);

-- name: ListDelegates :many
-- Those that still hold.
SELECT * FROM delegates WHERE recipient = $1 AND revoked_at = 0 AND until > sqlc.arg(now) ORDER BY created_at, id
LIMIT sqlc.arg(page);

-- name: FindDelegateByLink :one
SELECT * FROM delegates WHERE link_hash = $1;

-- name: FindDelegate :one
SELECT * FROM delegates WHERE id = $1;

-- name: RevokeDelegate :exec
UPDATE delegates SET revoked_at = $1, name = '' WHERE id = $2;

-- name: CreatePass :execrows
INSERT INTO passes (id, delegate, site, stay, generation, key_id, until, revoked, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8) ON CONFLICT (delegate, site, stay) DO NOTHING;

-- name: ListPassesOfDelegate :many
SELECT * FROM passes WHERE delegate = $1 AND revoked = FALSE ORDER BY created_at, id LIMIT sqlc.arg(page);

-- name: RevokePass :exec
UPDATE passes SET revoked = TRUE WHERE id = $1;

-- name: CreateReport :exec
INSERT INTO reports (id, recipient, site, stay, place, problem, note, photo, created_at, keep_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: FindReport :one
SELECT * FROM reports WHERE id = $1;

-- name: ListReportsOfStay :many
SELECT id, recipient, problem, note, CAST(LENGTH(photo) AS BIGINT) AS photo_size, created_at FROM reports
WHERE site = $1 AND stay = $2 ORDER BY created_at, id LIMIT sqlc.arg(page);

-- name: CountReportsSince :one
SELECT COUNT(*) FROM reports WHERE recipient = $1 AND created_at >= sqlc.arg(since);

-- name: ForgetReports :exec
DELETE FROM reports WHERE keep_until <= sqlc.arg(now);

-- name: ListEndedOfRecipient :many
-- What a recipient collected since a moment: what may still be complained of.
SELECT * FROM stays WHERE recipient = $1 AND live = FALSE AND state = 'collected' AND ended_at >= sqlc.arg(since)
ORDER BY begun_at DESC LIMIT sqlc.arg(page);

-- name: ListStaysOfAway :many
-- What would be overdue while its recipient is away, and has not been held for them.
SELECT s.*, r.vacation_until FROM recipients r JOIN stays s ON s.recipient = r.id AND s.live = TRUE
WHERE r.vacation_until > 0 AND r.vacation_until > sqlc.arg(now) AND s.collect_by < r.vacation_until AND s.stored_at > 0
ORDER BY r.vacation_until LIMIT sqlc.arg(page);

-- name: ListUnpassed :many
-- Parcels of people who send somebody for all of them, and who has no pass yet.
SELECT s.*, d.id AS delegate, d.until FROM delegates d JOIN stays s ON s.recipient = d.recipient AND s.live = TRUE
WHERE d.revoked_at = 0 AND d.stay = '' AND d.until > sqlc.arg(now) AND s.state = 'stored' AND s.settled = TRUE
    AND s.revoked = FALSE
    AND NOT EXISTS (SELECT 1 FROM passes p WHERE p.delegate = d.id AND p.site = s.site AND p.stay = s.id)
LIMIT sqlc.arg(page);
