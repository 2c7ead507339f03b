-- What planning a site again rests on: its parcels since a moment. An answer is read in pages, each from behind
-- the last row of the one before.

-- name: ListStaysSince :many
-- Parcels that were stored, in order of arrival.
SELECT s.id, s.parcel, s.place, s.unit, s.size, s.state, s.end_reason, s.begun_at, s.ended_at, s.live,
    COALESCE(c.name, s.carrier) AS carrier_name
FROM stays s LEFT JOIN carriers c ON c.id = s.carrier
WHERE s.site = $1 AND (s.begun_at, s.id) > (CAST(sqlc.arg(after_at) AS BIGINT), CAST(sqlc.arg(after_id) AS TEXT))
    AND s.stored_at > 0
ORDER BY s.begun_at, s.id LIMIT sqlc.arg(page);

-- name: ListRefusalsSince :many
-- Parcels that were not taken, in the order of the record.
SELECT d.epoch, d.number, d.at, d.reason, d.size, d.tracking, COALESCE(c.name, d.carrier) AS carrier_name,
    COALESCE(r.unit, '') AS unit
FROM drop_refusals d LEFT JOIN carriers c ON c.id = d.carrier LEFT JOIN recipients r ON r.id = d.recipient
WHERE d.site = $1 AND d.at >= sqlc.arg(since)
    AND (d.epoch, d.number) > (CAST(sqlc.arg(after_epoch) AS BIGINT), CAST(sqlc.arg(after_number) AS BIGINT))
ORDER BY d.epoch, d.number LIMIT sqlc.arg(page);

-- name: CountUnits :one
SELECT COUNT(*) FROM units WHERE property = $1 AND kind <> 'property';
