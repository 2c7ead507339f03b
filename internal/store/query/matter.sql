-- name: FindPlace :one
SELECT * FROM places WHERE site = $1 AND id = $2;

-- name: FindPlaceByReservation :many
SELECT * FROM places WHERE site = $1 AND reservation = $2 AND reservation <> '' ORDER BY id;

-- name: ListPlaces :many
SELECT * FROM places WHERE site = $1 ORDER BY id;

-- name: PutPlace :exec
INSERT INTO places (site, id, door, door_since, occupancy, request, request_stays, unasked, out_of_service, doubt,
    faults, failures, freed_at, reservation, reserved_unit, reserved_courier, reserved_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (site, id) DO UPDATE SET door = excluded.door, door_since = excluded.door_since,
    occupancy = excluded.occupancy, request = excluded.request, request_stays = excluded.request_stays, unasked = excluded.unasked,
    out_of_service = excluded.out_of_service, doubt = excluded.doubt, faults = excluded.faults,
    failures = excluded.failures, freed_at = excluded.freed_at, reservation = excluded.reservation,
    reserved_unit = excluded.reserved_unit, reserved_courier = excluded.reserved_courier,
    reserved_until = excluded.reserved_until;

-- name: FindStay :one
SELECT * FROM stays WHERE site = $1 AND id = $2;

-- name: PutStay :exec
INSERT INTO stays (site, id, parcel, place, recipient, unit, first_recipient, size, state, live, revoked, settled,
    carrier, actor_kind, actor_id, session, key_id, generation, begun_at, stored_at, collect_by, ended_at, evidence,
    end_reason, taken_by, problem)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26)
ON CONFLICT (site, id) DO UPDATE SET parcel = excluded.parcel, place = excluded.place, recipient = excluded.recipient,
    unit = excluded.unit, first_recipient = excluded.first_recipient, size = excluded.size, state = excluded.state,
    live = excluded.live, revoked = excluded.revoked, settled = excluded.settled, carrier = excluded.carrier,
    actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, session = excluded.session,
    key_id = excluded.key_id, generation = excluded.generation, begun_at = excluded.begun_at,
    stored_at = excluded.stored_at, collect_by = excluded.collect_by, ended_at = excluded.ended_at,
    evidence = excluded.evidence, end_reason = excluded.end_reason, taken_by = excluded.taken_by,
    problem = excluded.problem;

-- name: UpdateStay :exec
-- What facts change of a stay after it began.
UPDATE stays SET state = $1, live = $2, settled = $3, key_id = $4, generation = $5, stored_at = $6, ended_at = $7,
    evidence = $8, end_reason = $9, taken_by = $10, problem = $11
WHERE site = $12 AND id = $13;

-- name: PutParcel :exec
INSERT INTO parcels (site, id, stay, carrier, size, tracking, tracking_key, tracking_tail, begun_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (site, id) DO UPDATE SET stay = excluded.stay;

-- name: FindParcel :one
SELECT * FROM parcels WHERE site = $1 AND id = $2;

-- name: FindTracking :many
SELECT site, id FROM parcels
WHERE tracking_key >= sqlc.arg(low) AND tracking_key < sqlc.arg(high) AND tracking_key <> ''
ORDER BY tracking_key, site, id LIMIT sqlc.arg(page);

-- name: FindTrackingTail :many
SELECT site, id FROM parcels WHERE site = $1 AND tracking_tail = $2 AND tracking_tail <> ''
ORDER BY begun_at DESC, id LIMIT sqlc.arg(page);

-- name: InsertCustody :exec
INSERT INTO custody (site, place, epoch, number, stay) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (site, place, epoch, number, stay) DO NOTHING;

-- name: ListPlaceCustody :many
-- Newest first; an operation stands once for each stay that it touched.
SELECT DISTINCT c.epoch, c.number, o.body, o.annex FROM custody c
JOIN operations o ON o.site = c.site AND o.epoch = c.epoch AND o.number = c.number
WHERE c.site = $1 AND c.place = $2 ORDER BY c.epoch DESC, c.number DESC LIMIT sqlc.arg(page);

-- name: ListStayCustody :many
SELECT DISTINCT c.epoch, c.number, o.body, o.annex FROM custody c
JOIN operations o ON o.site = c.site AND o.epoch = c.epoch AND o.number = c.number
WHERE c.site = $1 AND c.stay = $2 AND c.stay <> '' ORDER BY c.epoch, c.number LIMIT sqlc.arg(page);

-- name: InsertDropRefusal :exec
INSERT INTO drop_refusals (site, epoch, number, at, actor, carrier, recipient, reason, size, tracking)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (site, epoch, number) DO NOTHING;

-- name: ListDropRefusals :many
SELECT * FROM drop_refusals WHERE site = $1 ORDER BY epoch DESC, number DESC LIMIT sqlc.arg(page);

-- name: ListLiveStays :many
-- What waits at a site, with the name of the unit.
SELECT s.id, s.place, s.recipient, s.unit, s.state, s.revoked, s.stored_at, s.collect_by, s.size,
    COALESCE(u.name, '') AS unit_name
FROM stays s LEFT JOIN units u ON u.id = s.unit
WHERE s.site = $1 AND s.live = TRUE ORDER BY s.place, s.id;

-- name: ListWaitingOfRecipient :many
SELECT s.*, COALESCE(p.tracking, '') AS tracking, COALESCE(c.name, s.carrier) AS carrier_name
FROM stays s LEFT JOIN parcels p ON p.site = s.site AND p.id = s.parcel LEFT JOIN carriers c ON c.id = s.carrier
WHERE s.recipient = $1 AND s.live = TRUE ORDER BY s.begun_at, s.id LIMIT sqlc.arg(page);

-- name: CountStoredSince :one
SELECT COUNT(*) FROM stays WHERE site = $1 AND begun_at >= sqlc.arg(since) AND stored_at > 0;

-- name: CountCollectedSince :one
SELECT COUNT(*) FROM stays WHERE site = $1 AND ended_at >= sqlc.arg(since) AND state = 'collected';

-- name: DeletePlaces :exec
DELETE FROM places WHERE site = $1;

-- name: DeleteStays :exec
DELETE FROM stays WHERE site = $1;

-- name: DeleteParcels :exec
DELETE FROM parcels WHERE site = $1;

-- name: DeleteCustody :exec
DELETE FROM custody WHERE site = $1;

-- name: DeleteDropRefusals :exec
DELETE FROM drop_refusals WHERE site = $1;

-- name: PutOrder :exec
INSERT INTO stay_orders (site, stay, recipient, unit, revoked, collect_by, changed_at, lost)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (site, stay) DO UPDATE SET recipient = excluded.recipient, unit = excluded.unit,
    revoked = excluded.revoked, collect_by = excluded.collect_by, changed_at = excluded.changed_at,
    lost = excluded.lost;

-- name: FindOrder :one
SELECT * FROM stay_orders WHERE site = $1 AND stay = $2;

-- name: OrderStay :exec
UPDATE stays SET recipient = $1, unit = $2, revoked = $3, collect_by = $4 WHERE site = $5 AND id = $6;
