-- name: CreateOrganization :exec
INSERT INTO organizations (id, parent, name, created_at) VALUES ($1, $2, $3, $4);

-- name: FirstOrganization :one
SELECT * FROM organizations WHERE parent IS NULL ORDER BY created_at, id LIMIT 1;

-- name: FindOrganization :one
SELECT * FROM organizations WHERE id = $1;

-- name: ListOrganizationTree :many
-- The organization and everything below it.
WITH RECURSIVE tree (id) AS (
    SELECT o.id FROM organizations o WHERE o.id = $1
    UNION
    SELECT c.id FROM organizations c JOIN tree ON c.parent = tree.id
)
SELECT tree.id FROM tree ORDER BY tree.id;

-- name: CreateProperty :exec
INSERT INTO properties (id, organization, name, address, time_zone, phone, email, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: FindProperty :one
SELECT * FROM properties WHERE id = $1;

-- name: ListProperties :many
SELECT * FROM properties WHERE organization = $1 ORDER BY name, id;

-- name: CreateAct :exec
INSERT INTO acts (id, at, user_id, via, kind, site, subject, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: ListActs :many
SELECT * FROM acts WHERE site = $1 AND (at, id) < (CAST(sqlc.arg(before) AS BIGINT), CAST(sqlc.arg(before_id) AS TEXT))
ORDER BY at DESC, id DESC LIMIT sqlc.arg(page);

-- name: CreateSecret :exec
INSERT INTO secrets (name, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING;

-- name: FindSecret :one
SELECT secret FROM secrets WHERE name = $1;

-- name: CreateIdempotencyKey :execrows
INSERT INTO idempotency_keys (principal, key, request_hash, status, response, created_at)
VALUES ($1, $2, $3, 0, sqlc.arg(empty), $4) ON CONFLICT (principal, key) DO NOTHING;

-- name: FindIdempotencyKey :one
SELECT * FROM idempotency_keys WHERE principal = $1 AND key = $2;

-- name: FinishIdempotencyKey :exec
UPDATE idempotency_keys SET status = $1, response = $2 WHERE principal = $3 AND key = $4;

-- name: DropIdempotencyKey :exec
DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2 AND status = 0;

-- name: SweepIdempotencyKeys :execrows
DELETE FROM idempotency_keys WHERE created_at < $1;
