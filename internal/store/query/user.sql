-- name: CreateUser :exec
INSERT INTO users (id, organization, name, email, password_hash, roles, duties, generation, disabled, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: UpdateUser :exec
UPDATE users SET name = $1, roles = $2, duties = $3, generation = $4, disabled = $5 WHERE id = $6;

-- name: SetUserPassword :exec
UPDATE users SET password_hash = $1 WHERE id = $2;

-- name: FindUser :one
SELECT * FROM users WHERE id = $1;

-- name: FindUserByEmail :one
SELECT * FROM users WHERE email = $1;

-- name: ListUsers :many
SELECT * FROM users WHERE organization = $1 ORDER BY name, id;

-- name: CreateWebSession :exec
INSERT INTO web_sessions (token_hash, user_id, agent_hint, created_at, seen_at) VALUES ($1, $2, $3, $4, $5);

-- name: FindWebSession :one
SELECT * FROM web_sessions WHERE token_hash = $1;

-- name: TouchWebSession :exec
UPDATE web_sessions SET seen_at = $1 WHERE token_hash = $2;

-- name: DeleteWebSession :exec
DELETE FROM web_sessions WHERE token_hash = $1;

-- name: DeleteWebSessionsOf :exec
DELETE FROM web_sessions WHERE user_id = $1;

-- name: SweepWebSessions :execrows
DELETE FROM web_sessions WHERE seen_at < $1;

-- name: CreateAPIToken :exec
INSERT INTO api_tokens (token_hash, hint, name, organization, scopes, created_by, created_at, expires_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0);

-- name: FindAPIToken :one
SELECT * FROM api_tokens WHERE token_hash = $1;

-- name: ListAPITokens :many
SELECT * FROM api_tokens WHERE organization = $1 ORDER BY created_at, hint;

-- name: RevokeAPIToken :execrows
UPDATE api_tokens SET revoked_at = $1 WHERE token_hash = $2 AND organization = $3 AND revoked_at = 0;

-- name: CreateEnrolment :exec
INSERT INTO enrolment_tokens (token_hash, site, created_by, created_at, expires_at, used_at, used_by)
VALUES ($1, $2, $3, $4, $5, 0, '');

-- name: FindEnrolment :one
SELECT * FROM enrolment_tokens WHERE token_hash = $1;

-- name: UseEnrolment :execrows
UPDATE enrolment_tokens SET used_at = $1, used_by = $2 WHERE token_hash = $3 AND used_at = 0;
