-- +goose Up
-- Who runs what, and who may sign in. These tables are permission: the cloud alone writes them, so
-- foreign keys and uniqueness hold.

CREATE TABLE organizations (
    id         TEXT   NOT NULL PRIMARY KEY,
    parent     TEXT   REFERENCES organizations (id),
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX organizations_parent ON organizations (parent);

CREATE TABLE properties (
    id           TEXT   NOT NULL PRIMARY KEY,
    organization TEXT   NOT NULL REFERENCES organizations (id),
    name         TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    time_zone    TEXT   NOT NULL,
    phone        TEXT   NOT NULL,
    email        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX properties_organization ON properties (organization);

-- link_key is the public key that the controller made and fingerprint its name; empty until it
-- enrolled. code_key and proof_key name rows of site_keys. rev is the revision of the site's
-- directory; directory_epoch changes when the server was restored from a backup.
CREATE TABLE sites (
    id              TEXT    NOT NULL PRIMARY KEY,
    property        TEXT    NOT NULL REFERENCES properties (id),
    name            TEXT    NOT NULL,
    hosted          BOOLEAN NOT NULL CHECK (hosted IN (FALSE, TRUE)),
    settings        TEXT    NOT NULL,
    layout          TEXT    NOT NULL,
    policy          TEXT    NOT NULL,
    directory_epoch BIGINT  NOT NULL,
    rev             BIGINT  NOT NULL,
    code_key        TEXT    NOT NULL,
    proof_key       TEXT    NOT NULL,
    link_key        BYTEA   NOT NULL,
    fingerprint     TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL
);
CREATE INDEX sites_property ON sites (property);
CREATE UNIQUE INDEX sites_fingerprint ON sites (fingerprint) WHERE fingerprint <> '';

-- Old keys stay until the last stay that was made under them has ended.
CREATE TABLE site_keys (
    site       TEXT   NOT NULL REFERENCES sites (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('code', 'proof')),
    id         TEXT   NOT NULL,
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (site, kind, id)
);

-- Secrets of the server itself: made when first asked for.
CREATE TABLE secrets (
    name       TEXT   NOT NULL PRIMARY KEY,
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    organization  TEXT    NOT NULL REFERENCES organizations (id),
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    roles         TEXT    NOT NULL,
    duties        TEXT    NOT NULL,
    generation    BIGINT  NOT NULL,
    disabled      BOOLEAN NOT NULL CHECK (disabled IN (FALSE, TRUE)),
    created_at    BIGINT  NOT NULL
);
CREATE INDEX users_organization ON users (organization);

-- Tokens are kept as their SHA-256 only.
CREATE TABLE web_sessions (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    agent_hint TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX web_sessions_user ON web_sessions (user_id);
CREATE INDEX web_sessions_seen ON web_sessions (seen_at);

CREATE TABLE api_tokens (
    token_hash   BYTEA  NOT NULL PRIMARY KEY,
    hint         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    organization TEXT   NOT NULL REFERENCES organizations (id),
    scopes       TEXT   NOT NULL,
    created_by   TEXT   NOT NULL REFERENCES users (id),
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT NOT NULL
);
CREATE INDEX api_tokens_organization ON api_tokens (organization, created_at);

CREATE TABLE enrolment_tokens (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    site       TEXT   NOT NULL REFERENCES sites (id),
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    used_by    TEXT   NOT NULL
);
CREATE INDEX enrolment_tokens_site ON enrolment_tokens (site);

-- The answer to a request that changed something, so that the same request sent again gets the
-- same answer. status 0: the first one is still at work.
CREATE TABLE idempotency_keys (
    principal    TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash BYTEA  NOT NULL,
    status       BIGINT NOT NULL,
    response     BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Every privileged act: who, what, why. Never changed.
CREATE TABLE acts (
    id      TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    user_id TEXT   NOT NULL,
    via     TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    site    TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    reason  TEXT   NOT NULL
);
CREATE INDEX acts_site ON acts (site, at);
