-- +goose Up
-- Programs elsewhere that want to be told. kinds is a JSON list, empty: all. A secret that was replaced
-- signs beside the new one until old_until. stopped says why nothing is sent any more; empty: it is.
CREATE TABLE hooks (
    id            TEXT    NOT NULL PRIMARY KEY,
    organization  TEXT    NOT NULL REFERENCES organizations (id),
    name          TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    kinds         TEXT    NOT NULL,
    secret        BYTEA   NOT NULL,
    old_secret    BYTEA   NOT NULL,
    old_until     BIGINT  NOT NULL,
    active        BOOLEAN NOT NULL,
    stopped       TEXT    NOT NULL,
    failing_since BIGINT  NOT NULL,
    retry_at      BIGINT  NOT NULL,
    told_incidents BIGINT NOT NULL,
    created_by    TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    changed_at    BIGINT  NOT NULL
);

CREATE INDEX hooks_organization ON hooks (organization);

-- How far a hook was told of a site's record. Without a row it begins at the beginning: the site is
-- younger than the hook.
CREATE TABLE hook_cursors (
    hook   TEXT   NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    site   TEXT   NOT NULL,
    epoch  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (hook, site)
);

CREATE TABLE hook_deliveries (
    id         TEXT   NOT NULL PRIMARY KEY,
    hook       TEXT   NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    event      TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('waiting', 'taken', 'dead')),
    attempts   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    status     BIGINT NOT NULL,
    took_ms    BIGINT NOT NULL,
    error      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    UNIQUE (hook, event)
);

CREATE INDEX hook_deliveries_due ON hook_deliveries (hook, due_at) WHERE state = 'waiting';

CREATE INDEX hook_deliveries_log ON hook_deliveries (hook, created_at, id);

CREATE INDEX hook_deliveries_old ON hook_deliveries (created_at);

CREATE INDEX incidents_begun ON incidents (opened_at);

CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE resolved_at > 0;
