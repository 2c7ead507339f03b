-- Counts for metrics. Each runs at every scrape, so it reads an index or a table of one row per site.

-- name: StatsJobs :many
SELECT kind, state, COUNT(*) AS jobs, CAST(MIN(created_at) AS BIGINT) AS oldest_at FROM outbox
GROUP BY kind, state ORDER BY kind, state;

-- name: StatsNotices :many
SELECT state, COUNT(*) AS notices FROM notices
WHERE state IN ('queued', 'sent', 'failed', 'bounced', 'cancelled') AND created_at >= sqlc.arg(since)
GROUP BY state ORDER BY state;

-- name: StatsIncidents :many
SELECT severity, COUNT(*) AS incidents FROM incidents WHERE state = 'open' GROUP BY severity ORDER BY severity;

-- name: StatsSites :one
SELECT COUNT(*) AS sites,
    CAST(COALESCE(SUM(CASE WHEN s.hosted THEN 1 ELSE 0 END), 0) AS BIGINT) AS hosted,
    CAST(COALESCE(SUM(CASE WHEN NOT s.hosted AND s.fingerprint <> '' THEN 1 ELSE 0 END), 0) AS BIGINT) AS enrolled,
    CAST(COALESCE(SUM(CASE WHEN NOT s.hosted AND s.fingerprint <> '' AND h.silent THEN 1 ELSE 0 END), 0) AS BIGINT) AS silent,
    CAST(COALESCE(SUM(CASE WHEN NOT s.hosted AND s.fingerprint <> '' AND NOT h.silent AND h.linked THEN 1 ELSE 0 END), 0) AS BIGINT) AS up,
    CAST(COALESCE(SUM(CASE WHEN c.stale <> '' THEN 1 ELSE 0 END), 0) AS BIGINT) AS stale,
    CAST(COALESCE(SUM(c.operations), 0) AS BIGINT) AS operations,
    CAST(COALESCE(SUM(c.facts), 0) AS BIGINT) AS facts
FROM sites s LEFT JOIN site_health h ON h.site = s.id LEFT JOIN site_cursors c ON c.site = s.id;
