-- +goose Up
-- What is still to be done: intents for the sites, incidents for people, notices for recipients,
-- jobs for the workers.

CREATE TABLE intents (
    id          TEXT   NOT NULL PRIMARY KEY,
    site        TEXT   NOT NULL REFERENCES sites (id),
    kind        TEXT   NOT NULL,
    place       TEXT   NOT NULL,
    stay        TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('pending', 'done', 'refused', 'expired')),
    code        TEXT   NOT NULL,
    answered_at BIGINT NOT NULL
);
CREATE INDEX intents_pending ON intents (site, created_at) WHERE state = 'pending';
CREATE INDEX intents_place ON intents (site, place, created_at);
CREATE INDEX intents_expiring ON intents (expires_at) WHERE state = 'pending';

-- dedupe is unique among the incidents that are not resolved: the same cause adds to its count.
CREATE TABLE incidents (
    id           TEXT   NOT NULL PRIMARY KEY,
    site         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    severity     TEXT   NOT NULL CHECK (severity IN ('low', 'high', 'urgent')),
    place        TEXT   NOT NULL,
    stay         TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    dedupe       TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('open', 'resolved')),
    owner        TEXT   NOT NULL,
    count        BIGINT NOT NULL,
    opened_at    BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    resolved_at  BIGINT NOT NULL,
    resolved_by  TEXT   NOT NULL,
    resolution   TEXT   NOT NULL
);
CREATE UNIQUE INDEX incidents_dedupe ON incidents (dedupe) WHERE state = 'open';
CREATE INDEX incidents_site ON incidents (site, state, opened_at);
CREATE INDEX incidents_opened ON incidents (state, opened_at);
CREATE INDEX incidents_stay ON incidents (site, stay) WHERE stay <> '';

CREATE TABLE incident_notes (
    id       TEXT   NOT NULL PRIMARY KEY,
    incident TEXT   NOT NULL REFERENCES incidents (id),
    at       BIGINT NOT NULL,
    user_id  TEXT   NOT NULL,
    body     TEXT   NOT NULL
);
CREATE INDEX incident_notes_incident ON incident_notes (incident, at);

-- One message to one recipient on one channel: never two of the same kind for one code.
CREATE TABLE notices (
    id          TEXT   NOT NULL PRIMARY KEY,
    site        TEXT   NOT NULL,
    stay        TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    channel     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    generation  BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'bounced', 'cancelled')),
    attempts    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    sent_at     BIGINT NOT NULL,
    failed_at   BIGINT NOT NULL,
    error       TEXT   NOT NULL,
    provider_id TEXT   NOT NULL,
    UNIQUE (site, stay, recipient, channel, kind, generation)
);
CREATE INDEX notices_state ON notices (state, created_at);
CREATE INDEX notices_provider ON notices (provider_id) WHERE provider_id <> '';

-- Jobs are enqueued in the transaction of their cause and deleted when done. key is unique among
-- the live jobs of a kind.
CREATE TABLE outbox (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('live', 'dead')),
    attempts     BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    error        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbox_live ON outbox (kind, key) WHERE state = 'live';
CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE state = 'live';
CREATE INDEX outbox_dead ON outbox (created_at) WHERE state = 'dead';
