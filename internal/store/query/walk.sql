-- name: FindWalk :one
SELECT * FROM walks WHERE site = $1;

-- name: CreateWalk :execrows
-- A new test replaces the one before at the version that the person saw.
INSERT INTO walks (site, id, version, body, started_by, started_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (site) DO UPDATE SET id = excluded.id, version = excluded.version, body = excluded.body,
    started_by = excluded.started_by, started_at = excluded.started_at, changed_at = excluded.changed_at
WHERE walks.version = excluded.version - 1;

-- name: KeepWalk :execrows
UPDATE walks SET body = $1, version = version + 1, changed_at = $2 WHERE site = $3 AND id = $4 AND version = $5;
