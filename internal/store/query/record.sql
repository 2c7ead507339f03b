-- name: InsertOperation :exec
INSERT INTO operations (site, epoch, number, received_at, wall_at, body, annex, chain)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: FindOperation :one
SELECT * FROM operations WHERE site = $1 AND epoch = $2 AND number = $3;

-- name: ListEpochOperations :many
SELECT * FROM operations WHERE site = $1 AND epoch = $2 AND number >= sqlc.arg(first)
ORDER BY number LIMIT sqlc.arg(page);

-- name: ListOperations :many
-- Those after a position, in the order of the record.
SELECT * FROM operations
WHERE site = $1 AND (epoch, number) > (CAST(sqlc.arg(after_epoch) AS BIGINT), CAST(sqlc.arg(after_number) AS BIGINT))
ORDER BY epoch, number LIMIT sqlc.arg(page);

-- name: ListLatestOperations :many
-- The newest first.
SELECT * FROM operations WHERE site = $1 ORDER BY epoch DESC, number DESC LIMIT sqlc.arg(page);

-- name: EraseAnnex :execrows
UPDATE operations SET annex = sqlc.arg(empty) WHERE site = $1 AND epoch = $2 AND number = $3;

-- name: FindCursor :one
SELECT * FROM site_cursors WHERE site = $1;

-- name: PutCursor :exec
INSERT INTO site_cursors (site, epoch, number, projected_epoch, projected_number, effects_epoch, effects_number, stale,
    operations, facts, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (site) DO UPDATE SET epoch = excluded.epoch, number = excluded.number,
    projected_epoch = excluded.projected_epoch, projected_number = excluded.projected_number,
    effects_epoch = excluded.effects_epoch, effects_number = excluded.effects_number, stale = excluded.stale,
    operations = excluded.operations, facts = excluded.facts, received_at = excluded.received_at;

-- name: ListStale :many
SELECT site, stale, projected_epoch, projected_number FROM site_cursors WHERE stale <> '' ORDER BY site;

-- name: FindEpoch :one
SELECT * FROM epochs WHERE site = $1 AND number = $2;

-- name: ListEpochs :many
SELECT * FROM epochs WHERE site = $1 ORDER BY number;

-- name: PutEpoch :exec
INSERT INTO epochs (site, number, reason, prev, opened_at, size, chain, frontier)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (site, number) DO UPDATE SET size = excluded.size, chain = excluded.chain, frontier = excluded.frontier;

-- name: SetEpochPrevious :exec
--- The head that an epoch continues, once a head of the epoch has named it.
UPDATE epochs SET prev = $1 WHERE site = $2 AND number = $3;

-- name: PutHead :exec
INSERT INTO heads (site, epoch, size, note, countersigned, frontier, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (site, epoch, size) DO UPDATE SET note = excluded.note, countersigned = excluded.countersigned;

-- name: FindHead :one
SELECT * FROM heads WHERE site = $1 AND epoch = $2 AND size = $3;

-- name: ListHeads :many
SELECT * FROM heads WHERE site = $1 AND epoch = $2 ORDER BY size;

-- name: LatestHead :one
SELECT * FROM heads WHERE site = $1 ORDER BY epoch DESC, size DESC LIMIT 1;
