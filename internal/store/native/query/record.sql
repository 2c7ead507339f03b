-- Rows of a whole batch at once: one array for each column.

-- name: ListEpochsAt :many
SELECT e.* FROM epochs e JOIN (
    SELECT unnest(sqlc.arg(sites)::TEXT[]) AS site, unnest(sqlc.arg(numbers)::BIGINT[]) AS number
) v ON e.site = v.site AND e.number = v.number;

-- name: ListPlacesOf :many
SELECT p.* FROM places p JOIN (
    SELECT unnest(sqlc.arg(sites)::TEXT[]) AS site, unnest(sqlc.arg(ids)::TEXT[]) AS id
) v ON p.site = v.site AND p.id = v.id;

-- name: ListStaysOf :many
SELECT s.* FROM stays s JOIN (
    SELECT unnest(sqlc.arg(sites)::TEXT[]) AS site, unnest(sqlc.arg(ids)::TEXT[]) AS id
) v ON s.site = v.site AND s.id = v.id;

-- name: InsertOperations :exec
INSERT INTO operations (site, epoch, number, received_at, wall_at, body, annex, chain)
SELECT unnest(sqlc.arg(site)::TEXT[]), unnest(sqlc.arg(epoch)::BIGINT[]), unnest(sqlc.arg(number)::BIGINT[]),
    unnest(sqlc.arg(received_at)::BIGINT[]), unnest(sqlc.arg(wall_at)::BIGINT[]), unnest(sqlc.arg(body)::BYTEA[]),
    unnest(sqlc.arg(annex)::BYTEA[]), unnest(sqlc.arg(chain)::BYTEA[]);

-- name: PutEpochs :exec
INSERT INTO epochs (site, number, reason, prev, opened_at, size, chain, frontier)
SELECT unnest(sqlc.arg(site)::TEXT[]), unnest(sqlc.arg(number)::BIGINT[]), unnest(sqlc.arg(reason)::TEXT[]),
    unnest(sqlc.arg(prev)::BYTEA[]), unnest(sqlc.arg(opened_at)::BIGINT[]), unnest(sqlc.arg(size)::BIGINT[]),
    unnest(sqlc.arg(chain)::BYTEA[]), unnest(sqlc.arg(frontier)::BYTEA[])
ON CONFLICT (site, number) DO UPDATE SET size = excluded.size, chain = excluded.chain, frontier = excluded.frontier;

-- name: UpdateCursors :exec
-- They were locked, so they are there.
UPDATE site_cursors c SET epoch = v.epoch, number = v.number, projected_epoch = v.projected_epoch,
    projected_number = v.projected_number, effects_epoch = v.effects_epoch, effects_number = v.effects_number,
    stale = v.stale, operations = v.operations, facts = v.facts, received_at = v.received_at
FROM (
    SELECT unnest(sqlc.arg(site)::TEXT[]) AS site, unnest(sqlc.arg(epoch)::BIGINT[]) AS epoch,
        unnest(sqlc.arg(number)::BIGINT[]) AS number, unnest(sqlc.arg(projected_epoch)::BIGINT[]) AS projected_epoch,
        unnest(sqlc.arg(projected_number)::BIGINT[]) AS projected_number,
        unnest(sqlc.arg(effects_epoch)::BIGINT[]) AS effects_epoch,
        unnest(sqlc.arg(effects_number)::BIGINT[]) AS effects_number, unnest(sqlc.arg(stale)::TEXT[]) AS stale,
        unnest(sqlc.arg(operations)::BIGINT[]) AS operations, unnest(sqlc.arg(facts)::BIGINT[]) AS facts,
        unnest(sqlc.arg(received_at)::BIGINT[]) AS received_at
) v WHERE c.site = v.site;

-- name: PutPlaces :exec
INSERT INTO places (site, id, door, door_since, occupancy, request, request_stays, unasked, out_of_service, doubt,
    faults, failures, freed_at, reservation, reserved_unit, reserved_courier, reserved_until)
SELECT unnest(sqlc.arg(site)::TEXT[]), unnest(sqlc.arg(id)::TEXT[]), unnest(sqlc.arg(door)::TEXT[]),
    unnest(sqlc.arg(door_since)::BIGINT[]), unnest(sqlc.arg(occupancy)::TEXT[]), unnest(sqlc.arg(request)::TEXT[]),
    unnest(sqlc.arg(request_stays)::TEXT[]), unnest(sqlc.arg(unasked)::BOOLEAN[]),
    unnest(sqlc.arg(out_of_service)::BOOLEAN[]), unnest(sqlc.arg(doubt)::TEXT[]), unnest(sqlc.arg(faults)::TEXT[]),
    unnest(sqlc.arg(failures)::BIGINT[]), unnest(sqlc.arg(freed_at)::BIGINT[]), unnest(sqlc.arg(reservation)::TEXT[]),
    unnest(sqlc.arg(reserved_unit)::TEXT[]), unnest(sqlc.arg(reserved_courier)::TEXT[]),
    unnest(sqlc.arg(reserved_until)::BIGINT[])
ON CONFLICT (site, id) DO UPDATE SET door = excluded.door, door_since = excluded.door_since,
    occupancy = excluded.occupancy, request = excluded.request, request_stays = excluded.request_stays,
    unasked = excluded.unasked, out_of_service = excluded.out_of_service, doubt = excluded.doubt,
    faults = excluded.faults, failures = excluded.failures, freed_at = excluded.freed_at,
    reservation = excluded.reservation, reserved_unit = excluded.reserved_unit,
    reserved_courier = excluded.reserved_courier, reserved_until = excluded.reserved_until;

-- name: PutStays :exec
INSERT INTO stays (site, id, parcel, place, recipient, unit, first_recipient, size, state, live, revoked, settled,
    carrier, actor_kind, actor_id, session, key_id, generation, begun_at, stored_at, collect_by, ended_at, evidence,
    end_reason, taken_by, problem)
SELECT unnest(sqlc.arg(site)::TEXT[]), unnest(sqlc.arg(id)::TEXT[]), unnest(sqlc.arg(parcel)::TEXT[]),
    unnest(sqlc.arg(place)::TEXT[]), unnest(sqlc.arg(recipient)::TEXT[]), unnest(sqlc.arg(unit)::TEXT[]),
    unnest(sqlc.arg(first_recipient)::TEXT[]), unnest(sqlc.arg(size)::TEXT[]), unnest(sqlc.arg(state)::TEXT[]),
    unnest(sqlc.arg(live)::BOOLEAN[]), unnest(sqlc.arg(revoked)::BOOLEAN[]), unnest(sqlc.arg(settled)::BOOLEAN[]),
    unnest(sqlc.arg(carrier)::TEXT[]), unnest(sqlc.arg(actor_kind)::TEXT[]), unnest(sqlc.arg(actor_id)::TEXT[]),
    unnest(sqlc.arg(session)::TEXT[]), unnest(sqlc.arg(key_id)::TEXT[]), unnest(sqlc.arg(generation)::BIGINT[]),
    unnest(sqlc.arg(begun_at)::BIGINT[]), unnest(sqlc.arg(stored_at)::BIGINT[]), unnest(sqlc.arg(collect_by)::BIGINT[]),
    unnest(sqlc.arg(ended_at)::BIGINT[]), unnest(sqlc.arg(evidence)::TEXT[]), unnest(sqlc.arg(end_reason)::TEXT[]),
    unnest(sqlc.arg(taken_by)::TEXT[]), unnest(sqlc.arg(problem)::TEXT[])
ON CONFLICT (site, id) DO UPDATE SET parcel = excluded.parcel, place = excluded.place, recipient = excluded.recipient,
    unit = excluded.unit, first_recipient = excluded.first_recipient, size = excluded.size, state = excluded.state,
    live = excluded.live, revoked = excluded.revoked, settled = excluded.settled, carrier = excluded.carrier,
    actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, session = excluded.session,
    key_id = excluded.key_id, generation = excluded.generation, begun_at = excluded.begun_at,
    stored_at = excluded.stored_at, collect_by = excluded.collect_by, ended_at = excluded.ended_at,
    evidence = excluded.evidence, end_reason = excluded.end_reason, taken_by = excluded.taken_by,
    problem = excluded.problem;

-- name: UpdateStays :exec
UPDATE stays s SET state = v.state, live = v.live, settled = v.settled, key_id = v.key_id, generation = v.generation,
    stored_at = v.stored_at, ended_at = v.ended_at, evidence = v.evidence, end_reason = v.end_reason,
    taken_by = v.taken_by, problem = v.problem
FROM (
    SELECT unnest(sqlc.arg(site)::TEXT[]) AS site, unnest(sqlc.arg(id)::TEXT[]) AS id,
        unnest(sqlc.arg(state)::TEXT[]) AS state, unnest(sqlc.arg(live)::BOOLEAN[]) AS live,
        unnest(sqlc.arg(settled)::BOOLEAN[]) AS settled, unnest(sqlc.arg(key_id)::TEXT[]) AS key_id,
        unnest(sqlc.arg(generation)::BIGINT[]) AS generation, unnest(sqlc.arg(stored_at)::BIGINT[]) AS stored_at,
        unnest(sqlc.arg(ended_at)::BIGINT[]) AS ended_at, unnest(sqlc.arg(evidence)::TEXT[]) AS evidence,
        unnest(sqlc.arg(end_reason)::TEXT[]) AS end_reason, unnest(sqlc.arg(taken_by)::TEXT[]) AS taken_by,
        unnest(sqlc.arg(problem)::TEXT[]) AS problem
) v WHERE s.site = v.site AND s.id = v.id;

-- name: PutParcels :exec
INSERT INTO parcels (site, id, stay, carrier, size, tracking, tracking_key, tracking_tail, begun_at)
SELECT unnest(sqlc.arg(site)::TEXT[]), unnest(sqlc.arg(id)::TEXT[]), unnest(sqlc.arg(stay)::TEXT[]),
    unnest(sqlc.arg(carrier)::TEXT[]), unnest(sqlc.arg(size)::TEXT[]), unnest(sqlc.arg(tracking)::TEXT[]),
    unnest(sqlc.arg(tracking_key)::TEXT[]), unnest(sqlc.arg(tracking_tail)::TEXT[]),
    unnest(sqlc.arg(begun_at)::BIGINT[])
ON CONFLICT (site, id) DO UPDATE SET stay = excluded.stay;

-- name: InsertCustodies :exec
INSERT INTO custody (site, place, epoch, number, stay)
SELECT unnest(sqlc.arg(site)::TEXT[]), unnest(sqlc.arg(place)::TEXT[]), unnest(sqlc.arg(epoch)::BIGINT[]),
    unnest(sqlc.arg(number)::BIGINT[]), unnest(sqlc.arg(stay)::TEXT[])
ON CONFLICT (site, place, epoch, number, stay) DO NOTHING;

-- name: EnqueueJobs :execrows
INSERT INTO outbox (id, kind, key, body, state, attempts, due_at, leased_until, error, created_at)
SELECT unnest(sqlc.arg(id)::TEXT[]), unnest(sqlc.arg(kind)::TEXT[]), unnest(sqlc.arg(key)::TEXT[]),
    unnest(sqlc.arg(body)::TEXT[]), 'live', 0, unnest(sqlc.arg(due_at)::BIGINT[]), 0, '',
    unnest(sqlc.arg(created_at)::BIGINT[])
ON CONFLICT (kind, key) WHERE state = 'live' DO NOTHING;
