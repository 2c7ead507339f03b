-- +goose Up
-- The record of the sites: what they sent, byte for byte. No foreign keys, no uniqueness but the
-- identity of an operation: a record is never refused.

CREATE TABLE operations (
    site        TEXT   NOT NULL,
    epoch       BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    wall_at     BIGINT NOT NULL,
    body        BYTEA  NOT NULL,
    annex       BYTEA  NOT NULL,
    PRIMARY KEY (site, epoch, number)
);

-- How far the record of a site goes, and the right edge of its Merkle tree. projected says up to
-- where the tables below follow; stale says why they stopped.
CREATE TABLE site_cursors (
    site             TEXT   NOT NULL PRIMARY KEY,
    epoch            BIGINT NOT NULL,
    number           BIGINT NOT NULL,
    frontier         BYTEA  NOT NULL,
    projected_epoch  BIGINT NOT NULL,
    projected_number BIGINT NOT NULL,
    stale            TEXT   NOT NULL,
    operations       BIGINT NOT NULL,
    facts            BIGINT NOT NULL,
    received_at      BIGINT NOT NULL
);
CREATE INDEX site_cursors_stale ON site_cursors (stale) WHERE stale <> '';

-- Tree heads: signed by the site, countersigned by the server.
CREATE TABLE heads (
    site          TEXT   NOT NULL,
    epoch         BIGINT NOT NULL,
    size          BIGINT NOT NULL,
    root          BYTEA  NOT NULL,
    signed        BYTEA  NOT NULL,
    countersigned BYTEA  NOT NULL,
    at            BIGINT NOT NULL,
    PRIMARY KEY (site, epoch, size)
);

CREATE TABLE site_health (
    site       TEXT    NOT NULL PRIMARY KEY,
    status     TEXT    NOT NULL,
    status_at  BIGINT  NOT NULL,
    seen_at    BIGINT  NOT NULL,
    linked     BOOLEAN NOT NULL CHECK (linked IN (FALSE, TRUE)),
    link_via   TEXT    NOT NULL,
    link_since BIGINT  NOT NULL,
    clock_bad  BOOLEAN NOT NULL CHECK (clock_bad IN (FALSE, TRUE)),
    audit      BOOLEAN NOT NULL CHECK (audit IN (FALSE, TRUE)),
    parts      TEXT    NOT NULL,
    silent     BOOLEAN NOT NULL CHECK (silent IN (FALSE, TRUE))
);
CREATE INDEX site_health_seen ON site_health (silent, seen_at);
