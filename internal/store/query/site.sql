-- name: CreateSite :exec
INSERT INTO sites (id, property, name, hosted, settings, layout, policy, directory_epoch, rev, code_key, proof_key,
    link_key, fingerprint, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, sqlc.arg(link_key), '', $11);

-- name: FindSite :one
SELECT * FROM sites WHERE id = $1;

-- name: FindSiteByFingerprint :one
SELECT * FROM sites WHERE fingerprint = $1;

-- name: ListSites :many
SELECT s.* FROM sites s JOIN properties p ON p.id = s.property WHERE p.organization = $1 ORDER BY s.name, s.id;

-- name: ListSitesOfProperty :many
SELECT * FROM sites WHERE property = $1 ORDER BY id;

-- name: ListHostedSites :many
SELECT id FROM sites WHERE hosted ORDER BY id;

-- name: SetSiteSettings :exec
UPDATE sites SET name = $1, settings = $2 WHERE id = $3;

-- name: SetSiteLayout :exec
UPDATE sites SET layout = $1 WHERE id = $2;

-- name: SetSitePolicy :exec
UPDATE sites SET policy = $1 WHERE id = $2;

-- name: SetSiteLink :exec
UPDATE sites SET link_key = $1, fingerprint = $2 WHERE id = $3;

-- name: NextRev :one
UPDATE sites SET rev = rev + $1 WHERE id = $2 RETURNING rev;

-- name: PutChange :exec
INSERT INTO directory_changes (site, kind, object, rev, deleted, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (site, kind, object) DO UPDATE
SET rev = excluded.rev, deleted = excluded.deleted, body = excluded.body;

-- name: ListChanges :many
SELECT * FROM directory_changes WHERE site = $1 AND rev > $2 ORDER BY rev LIMIT sqlc.arg(page);

-- name: CreateSiteKey :exec
INSERT INTO site_keys (site, kind, id, secret, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: FindSiteKey :one
SELECT * FROM site_keys WHERE site = $1 AND kind = $2 AND id = $3;

-- name: ListSiteKeys :many
SELECT * FROM site_keys WHERE site = $1 ORDER BY kind, id;

-- name: PutHealthStatus :exec
INSERT INTO site_health (site, status, status_at, seen_at, linked, link_via, link_since, clock_bad, audit, parts, silent)
VALUES ($1, $2, $3, $3, FALSE, '', 0, FALSE, FALSE, '{}', FALSE)
ON CONFLICT (site) DO UPDATE SET status = excluded.status, status_at = excluded.status_at, seen_at = excluded.seen_at,
    silent = FALSE;

-- name: PutHealthLink :exec
INSERT INTO site_health (site, status, status_at, seen_at, linked, link_via, link_since, clock_bad, audit, parts, silent)
VALUES ($1, '{}', 0, $2, $3, $4, $2, FALSE, FALSE, '{}', FALSE)
ON CONFLICT (site) DO UPDATE SET linked = excluded.linked, link_via = excluded.link_via,
    link_since = excluded.link_since, seen_at = excluded.seen_at, silent = FALSE;

-- name: PutHealthFacts :exec
INSERT INTO site_health (site, status, status_at, seen_at, linked, link_via, link_since, clock_bad, audit, parts, silent)
VALUES ($1, '{}', 0, 0, FALSE, '', 0, $2, $3, $4, FALSE)
ON CONFLICT (site) DO UPDATE SET clock_bad = excluded.clock_bad, audit = excluded.audit, parts = excluded.parts;

-- name: FindHealth :one
SELECT * FROM site_health WHERE site = $1;

-- name: MarkSilent :many
-- Linked sites that nobody heard of since a moment; each is reported once.
UPDATE site_health SET silent = TRUE WHERE silent = FALSE AND seen_at < $1 AND seen_at > 0 RETURNING site;

-- name: ClearLinks :exec
-- A server that starts holds no connection yet.
UPDATE site_health SET linked = FALSE WHERE linked = TRUE;

-- name: BeginDirectoryEpoch :exec
-- After a restore: sites may know later revisions than this server, and take everything anew.
UPDATE sites SET directory_epoch = CASE WHEN directory_epoch < CAST(sqlc.arg(now) AS BIGINT) THEN CAST(sqlc.arg(now) AS BIGINT)
    ELSE directory_epoch + 1 END;
