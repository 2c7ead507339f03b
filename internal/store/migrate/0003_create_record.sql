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
    chain       BYTEA  NOT NULL,
    PRIMARY KEY (site, epoch, number)
);

-- One unbroken run of numbers of a site. frontier is the right edge of its Merkle tree. reason, prev
-- and the chain are known of hosted sites only; a linked site keeps its own.
CREATE TABLE epochs (
    site      TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    reason    TEXT   NOT NULL,
    prev      BYTEA  NOT NULL,
    opened_at BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    chain     BYTEA  NOT NULL,
    frontier  BYTEA  NOT NULL,
    PRIMARY KEY (site, number)
);

-- How far the record of a site goes. projected is how far the tables of 0004 follow, effects how far
-- incidents and jobs were made of it; stale says why the tables stopped following.
CREATE TABLE site_cursors (
    site             TEXT   NOT NULL PRIMARY KEY,
    epoch            BIGINT NOT NULL,
    number           BIGINT NOT NULL,
    projected_epoch  BIGINT NOT NULL,
    projected_number BIGINT NOT NULL,
    effects_epoch    BIGINT NOT NULL,
    effects_number   BIGINT NOT NULL,
    stale            TEXT   NOT NULL,
    operations       BIGINT NOT NULL,
    facts            BIGINT NOT NULL,
    received_at      BIGINT NOT NULL
);
CREATE INDEX site_cursors_stale ON site_cursors (stale) WHERE stale <> '';

-- Tree heads: signed by the site, countersigned by the server.
CREATE TABLE heads (
    site          TEXT    NOT NULL,
    epoch         BIGINT  NOT NULL,
    size          BIGINT  NOT NULL,
    note          BYTEA   NOT NULL,
    countersigned BOOLEAN NOT NULL CHECK (countersigned IN (FALSE, TRUE)),
    frontier      BYTEA   NOT NULL,
    at            BIGINT  NOT NULL,
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
