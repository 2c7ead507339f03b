-- +goose Up
-- People and couriers, and the changes that carry them to the sites.

CREATE TABLE units (
    id         TEXT   NOT NULL PRIMARY KEY,
    property   TEXT   NOT NULL REFERENCES properties (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('apartment', 'office', 'department', 'property')),
    name       TEXT   NOT NULL,
    name_key   TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (property, name_key)
);

-- quiet_from and quiet_to are minutes of the day in the property's zone; equal: no quiet hours.
-- link_hash is the SHA-256 of the token of the recipient's page.
CREATE TABLE recipients (
    id              TEXT    NOT NULL PRIMARY KEY,
    property        TEXT    NOT NULL REFERENCES properties (id),
    unit            TEXT    NOT NULL REFERENCES units (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('resident', 'employee', 'office')),
    name            TEXT    NOT NULL,
    name_key        TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    phone           TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    low_door        BOOLEAN NOT NULL CHECK (low_door IN (FALSE, TRUE)),
    inactive        BOOLEAN NOT NULL CHECK (inactive IN (FALSE, TRUE)),
    vacation_until  BIGINT  NOT NULL,
    quiet_from      BIGINT  NOT NULL,
    quiet_to        BIGINT  NOT NULL,
    link_generation BIGINT  NOT NULL,
    link_hash       BYTEA   NOT NULL UNIQUE,
    external_source TEXT    NOT NULL,
    external_id     TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);
CREATE INDEX recipients_property ON recipients (property, name_key, id);
CREATE INDEX recipients_unit ON recipients (unit);
CREATE UNIQUE INDEX recipients_external ON recipients (property, external_source, external_id)
    WHERE external_id <> '';

CREATE TABLE carriers (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE couriers (
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL REFERENCES sites (id),
    carrier    TEXT    NOT NULL REFERENCES carriers (id),
    name       TEXT    NOT NULL,
    generation BIGINT  NOT NULL,
    key_id     TEXT    NOT NULL,
    valid_from BIGINT  NOT NULL,
    until      BIGINT  NOT NULL,
    revoked    BOOLEAN NOT NULL CHECK (revoked IN (FALSE, TRUE)),
    created_at BIGINT  NOT NULL
);
CREATE INDEX couriers_site ON couriers (site);

-- What the site must know: each object as it is since rev. A change replaces the one before, so that
-- the name of somebody who left is gone; the link leaves overtaken revisions out.
CREATE TABLE directory_changes (
    site    TEXT    NOT NULL REFERENCES sites (id),
    kind    TEXT    NOT NULL,
    object  TEXT    NOT NULL,
    rev     BIGINT  NOT NULL,
    deleted BOOLEAN NOT NULL CHECK (deleted IN (FALSE, TRUE)),
    body    TEXT    NOT NULL,
    PRIMARY KEY (site, kind, object)
);
CREATE UNIQUE INDEX directory_changes_rev ON directory_changes (site, rev);

-- What the cloud decided about a stay after it began. Stands beside stays, which facts alone can
-- build again.
CREATE TABLE stay_orders (
    site       TEXT    NOT NULL,
    stay       TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    unit       TEXT    NOT NULL,
    revoked    BOOLEAN NOT NULL CHECK (revoked IN (FALSE, TRUE)),
    collect_by BIGINT  NOT NULL,
    changed_at BIGINT  NOT NULL,
    PRIMARY KEY (site, stay)
);
