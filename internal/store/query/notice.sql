-- name: ListUntoldStays :many
-- Parcels that wait for somebody who can be told and never was. phones: short messages or calls go out.
SELECT s.* FROM stays s JOIN recipients r ON r.id = s.recipient
WHERE s.live = TRUE AND s.state = 'stored' AND s.settled = TRUE AND s.revoked = FALSE
    AND (
        r.email <> '' OR r.phone <> '' AND CAST(sqlc.arg(phones) AS BIGINT) = 1
        OR EXISTS (SELECT 1 FROM push_subscriptions p WHERE p.recipient = r.id AND CAST(sqlc.arg(browsers) AS BIGINT) = 1)
    )
    AND NOT EXISTS (
        SELECT 1 FROM notices n WHERE n.site = s.site AND n.stay = s.id AND n.recipient = s.recipient AND n.channel <> 'slip'
    )
LIMIT sqlc.arg(page);

-- name: ListUnsentNotices :many
-- First messages that wait for too long, while nobody was told since they began to.
SELECT n.* FROM notices n JOIN stays s ON s.site = n.site AND s.id = n.stay
WHERE n.state = 'queued' AND n.created_at <= sqlc.arg(before) AND n.kind IN ('first', 'code') AND s.live = TRUE
    AND NOT EXISTS (
        SELECT 1 FROM incidents i
        WHERE i.site = n.site AND i.stay = n.stay AND i.stay <> '' AND i.kind = 'unnotified'
            AND i.opened_at >= n.created_at
    )
    AND NOT EXISTS (
        SELECT 1 FROM notices m
        WHERE m.site = n.site AND m.stay = n.stay AND m.recipient = n.recipient AND m.generation = n.generation
            AND m.kind IN ('first', 'code') AND m.state = 'sent'
    )
ORDER BY n.created_at LIMIT sqlc.arg(page);

-- name: ListMootUnnotified :many
-- Incidents of parcels that are gone though nobody was told.
SELECT s.* FROM incidents i JOIN stays s ON s.site = i.site AND s.id = i.stay
WHERE i.state = 'open' AND i.kind = 'unnotified' AND i.stay <> '' AND s.live = FALSE LIMIT sqlc.arg(page);

-- name: ListRemindStays :many
-- Parcels that wait, place by place, with when their recipient was told (0: never) and the last
-- reminder. It begins with what waits now, which stays few, not with all that was ever sent.
SELECT s.site, s.place, s.id, s.recipient,
    CAST(COALESCE((
        SELECT MAX(n.sent_at) FROM notices n
        WHERE n.site = s.site AND n.stay = s.id AND n.recipient = s.recipient AND n.channel <> 'slip'
            AND n.kind = 'first' AND n.state = 'sent'
    ), 0) AS BIGINT) AS told_at,
    CAST(COALESCE((
        SELECT MAX(CAST(SUBSTR(m.kind, 10) AS BIGINT)) FROM notices m
        WHERE m.site = s.site AND m.stay = s.id AND m.recipient = s.recipient
            AND m.kind LIKE 'reminder%'
    ), 0) AS BIGINT) AS step
FROM stays s
WHERE s.live = TRUE AND s.state = 'stored' AND s.settled = TRUE AND s.revoked = FALSE AND s.recipient <> ''
    AND (s.site, s.place, s.id) > (
        CAST(sqlc.arg(after_site) AS TEXT), CAST(sqlc.arg(after_place) AS TEXT), CAST(sqlc.arg(after_stay) AS TEXT)
    )
ORDER BY s.site, s.place, s.id LIMIT sqlc.arg(page);

-- name: ListCollectedStays :many
-- What a site's recipients collected since a moment and heard no word of.
SELECT s.* FROM stays s
WHERE s.site = $1 AND s.live = FALSE AND s.ended_at >= sqlc.arg(after) AND s.state = 'collected' AND s.recipient <> ''
    AND NOT EXISTS (
        SELECT 1 FROM notices n
        WHERE n.site = s.site AND n.stay = s.id AND n.recipient = s.recipient AND n.kind = 'collected'
    )
ORDER BY s.ended_at LIMIT sqlc.arg(page);

-- name: ListSiteSettings :many
SELECT id, settings FROM sites ORDER BY id;

-- name: RequeueNotice :execrows
UPDATE notices SET state = 'queued', error = '' WHERE id = $1 AND state IN ('failed', 'bounced', 'cancelled');

-- name: CancelNotice :exec
UPDATE notices SET state = 'cancelled', error = $1 WHERE id = $2 AND state = 'queued';

-- name: BounceNotice :execrows
-- What a provider took and gave back later.
UPDATE notices SET state = 'bounced', failed_at = $1, error = $2 WHERE id = $3 AND state = 'sent';

-- name: LastDutyReport :one
SELECT CAST(COALESCE(MAX(told_at), 0) AS BIGINT) AS told_at FROM duty_reports WHERE site = $1;

-- name: ListUnreported :many
-- Incidents of a site that whoever is on duty has not heard of.
SELECT i.* FROM incidents i
WHERE i.site = $1 AND i.state = 'open' AND NOT EXISTS (SELECT 1 FROM duty_reports d WHERE d.incident = i.id)
ORDER BY i.opened_at, i.id LIMIT sqlc.arg(page);

-- name: ListReportedOver :many
-- Incidents of a site that were told and are over, while their end was not told.
SELECT i.* FROM duty_reports d JOIN incidents i ON i.id = d.incident
WHERE d.site = $1 AND d.over_at = 0 AND i.state = 'resolved' ORDER BY i.resolved_at, i.id LIMIT sqlc.arg(page);

-- name: ListSitesWithOver :many
SELECT DISTINCT d.site FROM duty_reports d JOIN incidents i ON i.id = d.incident
WHERE d.over_at = 0 AND i.state = 'resolved';

-- name: ListSitesUnreported :many
SELECT DISTINCT i.site FROM incidents i
WHERE i.state = 'open' AND i.opened_at <= sqlc.arg(before)
    AND NOT EXISTS (SELECT 1 FROM duty_reports d WHERE d.incident = i.id);

-- name: CreateDutyReport :exec
INSERT INTO duty_reports (incident, site, told_at, over_at) VALUES ($1, $2, $3, 0) ON CONFLICT (incident) DO NOTHING;

-- name: EndDutyReport :exec
UPDATE duty_reports SET over_at = $1 WHERE incident = $2;

-- name: ListRevivable :many
-- First messages of parcels that still wait which are worth another try: the mail server was not
-- there, the recipient was changed since, or their job got lost.
SELECT n.* FROM notices n JOIN stays s ON s.site = n.site AND s.id = n.stay JOIN recipients r ON r.id = n.recipient
WHERE n.state IN ('queued', 'failed', 'bounced') AND n.created_at >= sqlc.arg(after) AND n.kind IN ('first', 'code')
    AND s.live = TRUE AND (r.email <> '' OR n.channel <> 'email')
    AND (
        n.state = 'failed' AND n.failed_at <= sqlc.arg(before) AND (n.error LIKE 'config%' OR n.error LIKE 'temporary%')
        OR n.state <> 'queued' AND r.updated_at > n.failed_at
        OR n.state = 'queued' AND NOT EXISTS (
            SELECT 1 FROM outbox o WHERE o.kind IN ('notice.send', 'notice.send.sms', 'notice.send.voice', 'notice.send.push') AND o.key = n.id AND o.state = 'live'
        )
    )
ORDER BY n.created_at LIMIT sqlc.arg(page);
