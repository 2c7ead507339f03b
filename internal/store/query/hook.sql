-- name: CreateHook :exec
INSERT INTO hooks (id, organization, name, url, kinds, secret, old_secret, old_until, active, stopped, failing_since, retry_at,
    told_incidents, created_by, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, sqlc.arg(empty), 0, $7, '', 0, 0, $8, $9, $8, $8);

-- name: FindHook :one
SELECT * FROM hooks WHERE id = $1;

-- name: ListHooks :many
SELECT * FROM hooks WHERE organization = $1 ORDER BY name, id;

-- name: CountHooks :one
SELECT COUNT(*) FROM hooks WHERE organization = $1;

-- name: ListActiveHooks :many
SELECT * FROM hooks WHERE active AND stopped = '' ORDER BY id;

-- name: UpdateHook :exec
UPDATE hooks SET name = $1, url = $2, kinds = $3, active = $4, stopped = '', failing_since = 0, retry_at = 0, changed_at = $5
WHERE id = $6;

-- name: RotateHook :exec
UPDATE hooks SET old_secret = secret, old_until = $1, secret = $2, changed_at = $3 WHERE id = $4;

-- name: DropHook :exec
DELETE FROM hooks WHERE id = $1;

-- name: StopHook :exec
UPDATE hooks SET stopped = $1, changed_at = $2 WHERE id = $3;

-- name: MarkHookFailing :exec
UPDATE hooks SET failing_since = CASE WHEN failing_since = 0 THEN CAST(sqlc.arg(now) AS BIGINT) ELSE failing_since END,
    retry_at = sqlc.arg(retry_at)
WHERE id = sqlc.arg(id);

-- name: MarkHookWell :exec
UPDATE hooks SET failing_since = 0, retry_at = 0 WHERE id = $1 AND failing_since > 0;

-- name: MarkHookIncidents :exec
UPDATE hooks SET told_incidents = $1 WHERE id = $2;

-- name: ListHookSites :many
-- The sites that a hook sees, how far their tables are and how far the hook was told.
WITH RECURSIVE tree (id) AS (
    SELECT o.id FROM organizations o WHERE o.id = sqlc.arg(organization)
    UNION
    SELECT c.id FROM organizations c JOIN tree ON c.parent = tree.id
)
SELECT s.id AS site,
    CAST(COALESCE(c.projected_epoch, 0) AS BIGINT) AS projected_epoch,
    CAST(COALESCE(c.projected_number, 0) AS BIGINT) AS projected_number,
    CAST(COALESCE(h.epoch, 0) AS BIGINT) AS epoch, CAST(COALESCE(h.number, 0) AS BIGINT) AS number
FROM sites s
JOIN properties p ON p.id = s.property
JOIN tree ON tree.id = p.organization
LEFT JOIN site_cursors c ON c.site = s.id
LEFT JOIN hook_cursors h ON h.site = s.id AND h.hook = sqlc.arg(hook)
WHERE CAST(sqlc.arg(whole) AS BOOLEAN) OR (h.site IS NULL AND c.projected_number > 0) OR c.projected_epoch > h.epoch
    OR (c.projected_epoch = h.epoch AND c.projected_number > h.number)
ORDER BY s.id;

-- name: PutHookCursor :exec
INSERT INTO hook_cursors (hook, site, epoch, number) VALUES ($1, $2, $3, $4)
ON CONFLICT (hook, site) DO UPDATE SET epoch = excluded.epoch, number = excluded.number;

-- name: ListIncidentsBegunSince :many
SELECT * FROM incidents WHERE opened_at >= $1 ORDER BY opened_at, id;

-- name: ListIncidentsEndedSince :many
SELECT * FROM incidents WHERE resolved_at > 0 AND resolved_at >= $1 ORDER BY resolved_at, id;

-- name: CreateHookDelivery :execrows
INSERT INTO hook_deliveries (id, hook, event, kind, site, body, state, attempts, due_at, status, took_ms, error, created_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, 0, 0, '', $7, 0)
ON CONFLICT (hook, event) DO NOTHING;

-- name: FindHookDelivery :one
SELECT * FROM hook_deliveries WHERE hook = $1 AND id = $2;

-- name: ListHookDeliveries :many
-- The newest first, before the last row of the page before.
SELECT * FROM hook_deliveries
WHERE hook = $1 AND (created_at, id) < (CAST(sqlc.arg(before) AS BIGINT), CAST(sqlc.arg(before_id) AS TEXT))
    AND (CAST(sqlc.arg(state) AS TEXT) = '' OR state = sqlc.arg(state))
ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(page);

-- name: ListDueHookDeliveries :many
SELECT * FROM hook_deliveries WHERE hook = $1 AND state = 'waiting' AND due_at <= sqlc.arg(now)
ORDER BY due_at, id LIMIT sqlc.arg(page);

-- name: ClaimHookDelivery :execrows
-- Whoever moves the moment has the delivery for itself until then.
UPDATE hook_deliveries SET due_at = sqlc.arg(until), attempts = attempts + 1
WHERE id = sqlc.arg(id) AND state = 'waiting' AND due_at = sqlc.arg(due_at);

-- name: SettleHookDelivery :exec
UPDATE hook_deliveries SET state = $1, due_at = $2, status = $3, took_ms = $4, error = $5, ended_at = $6 WHERE id = $7;

-- name: RedeliverHook :execrows
-- Those of a span go out again, under the same event, so that the receiver can tell copies.
UPDATE hook_deliveries SET state = 'waiting', attempts = 0, due_at = sqlc.arg(now), ended_at = 0
WHERE hook = sqlc.arg(hook) AND created_at >= sqlc.arg(since) AND created_at <= sqlc.arg(until)
    AND (CAST(sqlc.arg(failed_only) AS BOOLEAN) = FALSE OR state = 'dead');

-- name: RedeliverOne :execrows
UPDATE hook_deliveries SET state = 'waiting', attempts = 0, due_at = sqlc.arg(now), ended_at = 0
WHERE hook = sqlc.arg(hook) AND id = sqlc.arg(id);

-- name: CountHookDeliveries :many
SELECT state, COUNT(*) AS count FROM hook_deliveries WHERE hook = $1 GROUP BY state ORDER BY state;

-- name: SweepHookDeliveries :execrows
DELETE FROM hook_deliveries WHERE created_at < $1 AND state <> 'waiting';
