-- name: CreateIntent :exec
INSERT INTO intents (id, site, kind, place, stay, user_id, reason, body, created_at, expires_at, state, code,
    answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', '', 0);

-- name: FindIntent :one
SELECT * FROM intents WHERE id = $1;

-- name: ListPendingIntents :many
SELECT * FROM intents WHERE site = $1 AND state = 'pending' AND expires_at > sqlc.arg(now)
ORDER BY created_at, id LIMIT sqlc.arg(page);

-- name: ListIntentsOfPlace :many
SELECT * FROM intents WHERE site = $1 AND place = $2 ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(page);

-- name: AnswerIntent :execrows
-- An answer that comes after the row expired still counts: it is what happened. The body, which may
-- name people, is needed no more.
UPDATE intents SET state = $1, code = $2, answered_at = $3, body = '{}' WHERE id = $4 AND site = $5
    AND state IN ('pending', 'expired');

-- name: ExpireIntents :many
UPDATE intents SET state = 'expired', code = 'INTENT_EXPIRED', body = '{}' WHERE state = 'pending' AND expires_at <= sqlc.arg(before)
RETURNING id, site;

-- name: RaiseIncident :one
INSERT INTO incidents (id, site, kind, severity, place, stay, detail, dedupe, state, owner, count, opened_at, last_at,
    due_at, resolved_at, resolved_by, resolution)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', '', 1, $9, $9, $10, 0, '', '')
ON CONFLICT (dedupe) WHERE state = 'open' DO UPDATE SET count = incidents.count + 1, last_at = excluded.last_at
RETURNING id, count;

-- name: FindIncident :one
SELECT * FROM incidents WHERE id = $1;

-- name: FindOpenIncident :one
SELECT * FROM incidents WHERE dedupe = $1 AND state = 'open';

-- name: AssignIncident :exec
UPDATE incidents SET owner = $1 WHERE id = $2;

-- name: ResolveIncident :execrows
UPDATE incidents SET state = 'resolved', resolved_at = $1, resolved_by = $2, resolution = $3
WHERE id = $4 AND state = 'open';

-- name: CountOpenIncidents :one
SELECT COUNT(*) FROM incidents WHERE site = $1 AND state = 'open';

-- name: CreateIncidentNote :exec
INSERT INTO incident_notes (id, incident, at, user_id, body) VALUES ($1, $2, $3, $4, $5);

-- name: ListIncidentNotes :many
SELECT * FROM incident_notes WHERE incident = $1 ORDER BY at, id;

-- name: CreateNotice :execrows
INSERT INTO notices (id, site, stay, recipient, channel, kind, generation, state, attempts, created_at, sent_at,
    failed_at, error, provider_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8, 0, 0, '', '')
ON CONFLICT (site, stay, recipient, channel, kind, generation) DO NOTHING;

-- name: FindNotice :one
SELECT * FROM notices WHERE id = $1;

-- name: FindNoticeByProvider :one
SELECT * FROM notices WHERE provider_id = $1 AND provider_id <> '';

-- name: ListNoticesOfStay :many
SELECT * FROM notices WHERE site = $1 AND stay = $2 ORDER BY created_at, id;

-- name: ListNotices :many
SELECT * FROM notices WHERE state = $1 ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(page);

-- name: MarkNoticeSent :exec
UPDATE notices SET state = 'sent', sent_at = $1, provider_id = $2, error = '', attempts = attempts + 1 WHERE id = $3;

-- name: MarkNoticeFailed :exec
UPDATE notices SET state = $1, failed_at = $2, error = $3, attempts = attempts + 1 WHERE id = $4;

-- name: EnqueueJob :execrows
INSERT INTO outbox (id, kind, key, body, state, attempts, due_at, leased_until, error, created_at)
VALUES ($1, $2, $3, $4, 'live', 0, $5, 0, '', $6) ON CONFLICT (kind, key) WHERE state = 'live' DO NOTHING;

-- name: LeaseJob :one
-- Takes the oldest job of a kind that is due. It is due again, for another worker, when the lease ends.
UPDATE outbox SET leased_until = sqlc.arg(leased_until), due_at = sqlc.arg(leased_until), attempts = attempts + 1
WHERE id = (
    SELECT o.id FROM outbox o
    WHERE o.kind = sqlc.arg(kind) AND o.state = 'live' AND o.due_at <= sqlc.arg(now)
    ORDER BY o.due_at, o.id LIMIT 1
)
RETURNING *;

-- name: HoldJob :execrows
-- Prolongs the lease of a job that still runs.
UPDATE outbox SET leased_until = sqlc.arg(until), due_at = sqlc.arg(until)
WHERE id = sqlc.arg(id) AND leased_until = sqlc.arg(leased_until);

-- name: FinishJob :execrows
DELETE FROM outbox WHERE id = $1 AND leased_until = $2;

-- name: RetryJob :execrows
UPDATE outbox SET due_at = sqlc.arg(due_at), leased_until = 0, error = sqlc.arg(error)
WHERE id = sqlc.arg(id) AND leased_until = sqlc.arg(leased_until);

-- name: BuryJob :execrows
UPDATE outbox SET state = 'dead', leased_until = 0, error = sqlc.arg(error)
WHERE id = sqlc.arg(id) AND leased_until = sqlc.arg(leased_until);

-- name: ListDeadJobs :many
SELECT * FROM outbox WHERE state = 'dead' ORDER BY created_at, id LIMIT sqlc.arg(page);

-- name: NextJobAt :one
SELECT CAST(COALESCE(MIN(due_at), 0) AS BIGINT) AS due_at FROM outbox WHERE kind = $1 AND state = 'live';
