-- name: PutAudit :exec
INSERT INTO audits (site, at, epoch, number, differences, report, replay) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (site) DO UPDATE SET at = excluded.at, epoch = excluded.epoch, number = excluded.number,
    differences = excluded.differences, report = excluded.report, replay = excluded.replay;

-- name: FindAudit :one
SELECT * FROM audits WHERE site = $1;

-- name: ListAuditsDue :many
-- Sites that were never audited, whose last audit is old, or that came back since.
SELECT s.id, CAST(COALESCE(a.at, 0) AS BIGINT) AS audited_at, CAST(COALESCE(h.link_since, 0) AS BIGINT) AS link_since,
    CAST(COALESCE(h.status_at, 0) AS BIGINT) AS status_at
FROM sites s LEFT JOIN audits a ON a.site = s.id LEFT JOIN site_health h ON h.site = s.id
WHERE COALESCE(a.at, 0) < sqlc.arg(before) OR h.link_since >= a.at ORDER BY s.id;

-- name: OldestAudit :one
-- For whoever runs the server: the site whose last audit is oldest, and what all sites have.
SELECT COUNT(*) AS sites, COUNT(a.site) AS audited, CAST(COALESCE(MIN(a.at), 0) AS BIGINT) AS oldest_at,
    CAST(COALESCE(SUM(a.differences), 0) AS BIGINT) AS differences
FROM sites s LEFT JOIN audits a ON a.site = s.id;

-- name: CountStaysByState :many
SELECT state, COUNT(*) AS stays FROM stays WHERE site = $1 GROUP BY state ORDER BY state;

-- name: ListStaysLive :many
-- With whether the recipient moved out.
SELECT s.id, s.parcel, s.place, s.state, s.generation, s.recipient, s.stored_at,
    CAST(CASE WHEN r.inactive THEN 1 ELSE 0 END AS BIGINT) AS moved_out
FROM stays s LEFT JOIN recipients r ON r.id = s.recipient
WHERE s.site = $1 AND s.live = TRUE ORDER BY s.id;

-- name: ListStaysEndedSince :many
SELECT id, parcel, place, state, generation FROM stays
WHERE site = $1 AND live = FALSE AND ended_at >= sqlc.arg(since) ORDER BY id;

-- name: ListOpenIncidentsOfSite :many
SELECT * FROM incidents WHERE site = $1 AND state = 'open' ORDER BY opened_at, id LIMIT sqlc.arg(page);
