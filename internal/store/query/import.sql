-- name: CreateImport :exec
INSERT INTO imports (id, property, user_id, options, input, state, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: FindImport :one
SELECT * FROM imports WHERE id = $1;

-- name: DeleteImport :execrows
DELETE FROM imports WHERE id = $1;

-- name: SweepImports :exec
DELETE FROM imports WHERE expires_at <= $1;

-- name: ListImports :many
-- Newest first.
SELECT id FROM imports WHERE property = $1 ORDER BY created_at DESC, id DESC;

-- name: ListAllUnits :many
SELECT * FROM units WHERE property = $1 ORDER BY name_key;
