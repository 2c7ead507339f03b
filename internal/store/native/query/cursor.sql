-- name: LockCursors :many
-- In one order, so that two batches never wait for each other.
SELECT * FROM site_cursors WHERE site = ANY(sqlc.arg(sites)::TEXT[]) ORDER BY site FOR UPDATE;

-- name: AddCursors :exec
-- A row to lock for each site that has none.
INSERT INTO site_cursors (site, epoch, number, projected_epoch, projected_number, effects_epoch, effects_number, stale,
    operations, facts, received_at)
SELECT s.site, 0, 0, 0, 0, 0, 0, '', 0, 0, 0 FROM (SELECT DISTINCT unnest(sqlc.arg(sites)::TEXT[]) AS site ORDER BY 1) s
ON CONFLICT (site) DO NOTHING;
