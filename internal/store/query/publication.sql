-- name: CreatePublication :execrows
INSERT INTO publications (day, note, heads, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (day) DO NOTHING;

-- name: FindPublication :one
SELECT * FROM publications WHERE day = $1;

-- name: LatestPublication :one
SELECT * FROM publications ORDER BY day DESC LIMIT 1;

-- name: ListPublications :many
-- The newest first, those before a day.
SELECT day, note, made_at FROM publications WHERE day < sqlc.arg(before) ORDER BY day DESC LIMIT sqlc.arg(page);

-- name: ListNewestHeads :many
-- The newest head of each site that has one, by the id of the site.
SELECT h.site, h.epoch, h.size, h.note FROM sites AS s
JOIN heads AS h ON h.site = s.id
    AND h.epoch = (SELECT MAX(e.epoch) FROM heads AS e WHERE e.site = s.id)
    AND h.size = (SELECT MAX(z.size) FROM heads AS z WHERE z.site = s.id AND z.epoch = h.epoch)
WHERE s.id > sqlc.arg(after) ORDER BY s.id LIMIT sqlc.arg(page);
