-- name: CreateUnit :exec
INSERT INTO units (id, property, kind, name, name_key, number, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: UpdateUnit :exec
UPDATE units SET kind = $1, name = $2, name_key = $3, number = $4 WHERE id = $5;

-- name: FindUnit :one
SELECT * FROM units WHERE id = $1;

-- name: FindUnitByName :one
SELECT * FROM units WHERE property = $1 AND name_key = $2;

-- name: ListUnits :many
SELECT u.*, (SELECT COUNT(*) FROM recipients r WHERE r.unit = u.id AND r.inactive = FALSE) AS people
FROM units u WHERE u.property = $1 AND u.name_key > sqlc.arg(after) ORDER BY u.name_key LIMIT sqlc.arg(page);

-- name: ListUnitsOfNumber :many
SELECT * FROM units WHERE property = $1 AND number = $2 ORDER BY name_key LIMIT 10;

-- name: CreateRecipient :exec
INSERT INTO recipients (id, property, unit, kind, name, name_key, email, phone, language, low_door, inactive,
    vacation_until, quiet_from, quiet_to, link_generation, link_hash, external_source, external_id, created_at,
    updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19);

-- name: UpdateRecipient :exec
UPDATE recipients SET unit = $1, kind = $2, name = $3, name_key = $4, email = $5, phone = $6, language = $7,
    low_door = $8, inactive = $9, vacation_until = $10, quiet_from = $11, quiet_to = $12, external_source = $13,
    external_id = $14, updated_at = $15
WHERE id = $16;

-- name: SetRecipientLink :exec
UPDATE recipients SET link_generation = $1, link_hash = $2 WHERE id = $3;

-- name: FindRecipient :one
SELECT * FROM recipients WHERE id = $1;

-- name: FindRecipientByLink :one
SELECT * FROM recipients WHERE link_hash = $1;

-- name: ListRecipientsOfProperty :many
SELECT r.*, u.name AS unit_name, u.number AS unit_number FROM recipients r JOIN units u ON u.id = r.unit
WHERE r.property = $1 ORDER BY r.name_key, r.id;

-- name: CountWaitingOfRecipient :one
SELECT COUNT(*) FROM stays WHERE recipient = $1 AND live = TRUE;

-- name: PutCarrier :exec
INSERT INTO carriers (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name;

-- name: FindCarrier :one
SELECT * FROM carriers WHERE id = $1;

-- name: ListCarriers :many
SELECT * FROM carriers ORDER BY name, id;

-- name: CreateCourier :exec
INSERT INTO couriers (id, site, carrier, name, generation, key_id, valid_from, until, revoked, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: UpdateCourier :exec
UPDATE couriers SET carrier = $1, name = $2, generation = $3, key_id = $4, valid_from = $5, until = $6, revoked = $7
WHERE id = $8;

-- name: FindCourier :one
SELECT * FROM couriers WHERE id = $1;

-- name: ListCouriers :many
SELECT c.*, r.name AS carrier_name FROM couriers c JOIN carriers r ON r.id = c.carrier
WHERE c.site = $1 ORDER BY c.name, c.id;
