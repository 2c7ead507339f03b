-- +goose Up
-- What the holder of a link does by it: whom else they send, what they say is wrong, how they want to be
-- told.

-- The last generation of a stay's code that got into wrong hands; 0: none.
ALTER TABLE stay_orders ADD COLUMN lost BIGINT NOT NULL DEFAULT 0;

-- channels is a list with commas of email, sms, voice and push; without a row: whatever there is.
CREATE TABLE recipient_channels (
    recipient  TEXT   NOT NULL PRIMARY KEY REFERENCES recipients (id),
    channels   TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Browsers that asked to be told. endpoint is the address that the browser's maker gave it.
CREATE TABLE push_subscriptions (
    id         TEXT   NOT NULL PRIMARY KEY,
    recipient  TEXT   NOT NULL REFERENCES recipients (id),
    endpoint   TEXT   NOT NULL UNIQUE,
    public_key TEXT   NOT NULL,
    auth       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_recipient ON push_subscriptions (recipient);

-- Whom a recipient sends. Without a stay: all parcels until a moment. link_hash is the SHA-256 of the
-- token of the delegate's page.
CREATE TABLE delegates (
    id         TEXT   NOT NULL PRIMARY KEY,
    recipient  TEXT   NOT NULL REFERENCES recipients (id),
    name       TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    stay       TEXT   NOT NULL,
    until      BIGINT NOT NULL,
    link_hash  BYTEA  NOT NULL UNIQUE,
    revoked_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX delegates_recipient ON delegates (recipient, created_at);

-- The grants that a delegate has: one for each parcel, known to the site.
CREATE TABLE passes (
    id         TEXT    NOT NULL PRIMARY KEY,
    delegate   TEXT    NOT NULL REFERENCES delegates (id),
    site       TEXT    NOT NULL,
    stay       TEXT    NOT NULL,
    generation BIGINT  NOT NULL,
    key_id     TEXT    NOT NULL,
    until      BIGINT  NOT NULL,
    revoked    BOOLEAN NOT NULL CHECK (revoked IN (FALSE, TRUE)),
    created_at BIGINT  NOT NULL,
    UNIQUE (delegate, site, stay)
);
CREATE INDEX passes_stay ON passes (site, stay);

-- What a recipient said is wrong, with their words and a picture: the erasable annex of the fact. Both
-- are erased after keep_until.
CREATE TABLE reports (
    id         TEXT   NOT NULL PRIMARY KEY,
    recipient  TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    stay       TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    problem    TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    photo      BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    keep_until BIGINT NOT NULL
);
CREATE INDEX reports_stay ON reports (site, stay, created_at);
CREATE INDEX reports_recipient ON reports (recipient, created_at);
CREATE INDEX reports_keep ON reports (keep_until);

-- Whose parcels wait longer.
CREATE INDEX recipients_away ON recipients (vacation_until) WHERE vacation_until > 0;
