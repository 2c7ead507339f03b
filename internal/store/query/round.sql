-- name: CreateRound :exec
INSERT INTO rounds (id, site, version, body, started_by, started_at, changed_at, ended_at)
VALUES ($1, $2, 1, $3, $4, $5, $5, 0);

-- name: FindRound :one
SELECT * FROM rounds WHERE id = $1 AND site = $2;

-- name: ListRounds :many
-- Newest first.
SELECT * FROM rounds WHERE site = $1 ORDER BY started_at DESC, id DESC LIMIT sqlc.arg(page);

-- name: KeepRound :execrows
UPDATE rounds SET body = $1, version = version + 1, changed_at = $2, ended_at = $3
WHERE id = $4 AND site = $5 AND version = $6;
