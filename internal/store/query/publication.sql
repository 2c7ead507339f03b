-- name: CreatePublication :execrows
INSERT INTO publications (day, note, heads, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (day) DO NOTHING;

-- name: FindPublication :one
SELECT * FROM publications WHERE day = $1;

-- name: LatestPublication :one
SELECT * FROM publications ORDER BY day DESC LIMIT 1;

-- name: ListPublications :many
-- The newest first, those before a day.
SELECT day, note, made_at FROM publications WHERE day < sqlc.arg(before) ORDER BY day DESC LIMIT sqlc.arg(page);

-- name: ListSiteIDs :many
-- Of all sites, those after an id.
SELECT id FROM sites WHERE id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(page);
