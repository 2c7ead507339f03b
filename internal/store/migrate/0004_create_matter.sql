-- +goose Up
-- What the facts add up to. Everything here can be built again from operations and stay_orders; no
-- foreign keys and no business uniqueness, for a fact is never refused.

-- tracking_key is the number without spaces and dashes, tracking_tail its last four.
CREATE TABLE parcels (
    site          TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    stay          TEXT   NOT NULL,
    carrier       TEXT   NOT NULL,
    size          TEXT   NOT NULL,
    tracking      TEXT   NOT NULL,
    tracking_key  TEXT   NOT NULL,
    tracking_tail TEXT   NOT NULL,
    begun_at      BIGINT NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX parcels_tail ON parcels (site, tracking_tail) WHERE tracking_tail <> '';
CREATE INDEX parcels_tracking ON parcels (tracking_key) WHERE tracking_key <> '';

-- recipient and unit are those of the last order, first_recipient the one of the deposit. at is
-- when the state last changed, by the site's clock.
CREATE TABLE stays (
    site            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    parcel          TEXT    NOT NULL,
    place           TEXT    NOT NULL,
    recipient       TEXT    NOT NULL,
    unit            TEXT    NOT NULL,
    first_recipient TEXT    NOT NULL,
    size            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    live            BOOLEAN NOT NULL CHECK (live IN (FALSE, TRUE)),
    revoked         BOOLEAN NOT NULL CHECK (revoked IN (FALSE, TRUE)),
    settled         BOOLEAN NOT NULL CHECK (settled IN (FALSE, TRUE)),
    carrier         TEXT    NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT    NOT NULL,
    session         TEXT    NOT NULL,
    key_id          TEXT    NOT NULL,
    generation      BIGINT  NOT NULL,
    begun_at        BIGINT  NOT NULL,
    stored_at       BIGINT  NOT NULL,
    collect_by      BIGINT  NOT NULL,
    ended_at        BIGINT  NOT NULL,
    evidence        TEXT    NOT NULL,
    end_reason      TEXT    NOT NULL,
    taken_by        TEXT    NOT NULL,
    problem         TEXT    NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX stays_live ON stays (site, place) WHERE live = TRUE;
CREATE INDEX stays_recipient ON stays (recipient, begun_at);
CREATE INDEX stays_unit ON stays (unit, begun_at);
CREATE INDEX stays_begun ON stays (site, begun_at, id);
CREATE INDEX stays_parcel ON stays (site, parcel);
CREATE INDEX stays_due ON stays (collect_by) WHERE live = TRUE;

-- Which operations touched a parcel or a place: the timeline is read from their facts.
CREATE TABLE custody (
    site   TEXT   NOT NULL,
    place  TEXT   NOT NULL,
    epoch  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    stay   TEXT   NOT NULL,
    PRIMARY KEY (site, place, epoch, number, stay)
);
CREATE INDEX custody_stay ON custody (site, stay) WHERE stay <> '';

CREATE TABLE places (
    site             TEXT    NOT NULL,
    id               TEXT    NOT NULL,
    door             TEXT    NOT NULL,
    door_since       BIGINT  NOT NULL,
    occupancy        TEXT    NOT NULL,
    request          TEXT    NOT NULL,
    request_stays    TEXT    NOT NULL,
    unasked          BOOLEAN NOT NULL CHECK (unasked IN (FALSE, TRUE)),
    out_of_service   BOOLEAN NOT NULL CHECK (out_of_service IN (FALSE, TRUE)),
    doubt            TEXT    NOT NULL,
    faults           TEXT    NOT NULL,
    failures         BIGINT  NOT NULL,
    freed_at         BIGINT  NOT NULL,
    reservation      TEXT    NOT NULL,
    reserved_unit    TEXT    NOT NULL,
    reserved_courier TEXT    NOT NULL,
    reserved_until   BIGINT  NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX places_reservation ON places (site, reservation) WHERE reservation <> '';

CREATE TABLE drop_refusals (
    site      TEXT   NOT NULL,
    epoch     BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    carrier   TEXT   NOT NULL,
    recipient TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    size      TEXT   NOT NULL,
    tracking  TEXT   NOT NULL,
    PRIMARY KEY (site, epoch, number)
);
