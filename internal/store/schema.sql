-- All migrations together, for reading. A test compares it; -update writes it.

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

CREATE TABLE audits (
    site        TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    differences BIGINT NOT NULL,
    report      TEXT   NOT NULL,
    replay      TEXT   NOT NULL
);

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

CREATE TABLE custody (
    site   TEXT   NOT NULL,
    place  TEXT   NOT NULL,
    epoch  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    stay   TEXT   NOT NULL,
    PRIMARY KEY (site, place, epoch, number, stay)
);

CREATE INDEX custody_stay ON custody (site, stay) WHERE stay <> '';

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

CREATE TABLE duty_reports (
    incident TEXT   NOT NULL PRIMARY KEY,
    site     TEXT   NOT NULL,
    told_at  BIGINT NOT NULL,
    over_at  BIGINT NOT NULL
);

CREATE INDEX duty_reports_open ON duty_reports (site) WHERE over_at = 0;

CREATE INDEX duty_reports_site ON duty_reports (site, told_at);

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

CREATE TABLE imports (
    id         TEXT   NOT NULL PRIMARY KEY,
    property   TEXT   NOT NULL REFERENCES properties (id),
    user_id    TEXT   NOT NULL,
    options    TEXT   NOT NULL,
    input      BYTEA  NOT NULL,
    state      BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX imports_expires ON imports (expires_at);

CREATE INDEX imports_property ON imports (property, created_at);

CREATE TABLE incident_notes (
    id       TEXT   NOT NULL PRIMARY KEY,
    incident TEXT   NOT NULL REFERENCES incidents (id),
    at       BIGINT NOT NULL,
    user_id  TEXT   NOT NULL,
    body     TEXT   NOT NULL
);

CREATE INDEX incident_notes_incident ON incident_notes (incident, at);

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

CREATE INDEX incidents_begun ON incidents (opened_at);

CREATE UNIQUE INDEX incidents_dedupe ON incidents (dedupe) WHERE state = 'open';

CREATE INDEX incidents_opened ON incidents (state, opened_at);

CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE resolved_at > 0;

CREATE INDEX incidents_site ON incidents (site, state, opened_at);

CREATE INDEX incidents_stay ON incidents (site, stay) WHERE stay <> '';

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

CREATE INDEX intents_expiring ON intents (expires_at) WHERE state = 'pending';

CREATE INDEX intents_pending ON intents (site, created_at) WHERE state = 'pending';

CREATE INDEX intents_place ON intents (site, place, created_at);

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

CREATE INDEX notices_provider ON notices (provider_id) WHERE provider_id <> '';

CREATE INDEX notices_state ON notices (state, created_at);

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

CREATE TABLE organizations (
    id         TEXT   NOT NULL PRIMARY KEY,
    parent     TEXT   REFERENCES organizations (id),
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX organizations_parent ON organizations (parent);

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

CREATE INDEX outbox_dead ON outbox (created_at) WHERE state = 'dead';

CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE state = 'live';

CREATE UNIQUE INDEX outbox_live ON outbox (kind, key) WHERE state = 'live';

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

CREATE TABLE publications (
    day     TEXT   NOT NULL PRIMARY KEY,
    note    BYTEA  NOT NULL,
    heads   TEXT   NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE push_subscriptions (
    id         TEXT   NOT NULL PRIMARY KEY,
    recipient  TEXT   NOT NULL REFERENCES recipients (id),
    endpoint   TEXT   NOT NULL UNIQUE,
    public_key TEXT   NOT NULL,
    auth       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX push_subscriptions_recipient ON push_subscriptions (recipient);

CREATE TABLE recipient_channels (
    recipient  TEXT   NOT NULL PRIMARY KEY REFERENCES recipients (id),
    channels   TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

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

CREATE INDEX recipients_away ON recipients (vacation_until) WHERE vacation_until > 0;

CREATE UNIQUE INDEX recipients_external ON recipients (property, external_source, external_id)
    WHERE external_id <> '';

CREATE INDEX recipients_property ON recipients (property, name_key, id);

CREATE INDEX recipients_unit ON recipients (unit);

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

CREATE INDEX reports_keep ON reports (keep_until);

CREATE INDEX reports_recipient ON reports (recipient, created_at);

CREATE INDEX reports_stay ON reports (site, stay, created_at);

CREATE TABLE rounds (
    id         TEXT   NOT NULL PRIMARY KEY,
    site       TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    started_by TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL
);

CREATE INDEX rounds_site ON rounds (site, started_at);

CREATE TABLE secrets (
    name       TEXT   NOT NULL PRIMARY KEY,
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);

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

CREATE TABLE site_keys (
    site       TEXT   NOT NULL REFERENCES sites (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('code', 'proof')),
    id         TEXT   NOT NULL,
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (site, kind, id)
);

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

CREATE UNIQUE INDEX sites_fingerprint ON sites (fingerprint) WHERE fingerprint <> '';

CREATE INDEX sites_property ON sites (property);

CREATE TABLE stay_orders (
    site       TEXT    NOT NULL,
    stay       TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    unit       TEXT    NOT NULL,
    revoked    BOOLEAN NOT NULL CHECK (revoked IN (FALSE, TRUE)),
    collect_by BIGINT  NOT NULL,
    changed_at BIGINT  NOT NULL, lost BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (site, stay)
);

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

CREATE INDEX stays_begun ON stays (site, begun_at, id);

CREATE INDEX stays_due ON stays (collect_by) WHERE live = TRUE;

CREATE INDEX stays_ended ON stays (site, ended_at) WHERE live = FALSE;

CREATE INDEX stays_live ON stays (site, place) WHERE live = TRUE;

CREATE INDEX stays_parcel ON stays (site, parcel);

CREATE INDEX stays_recipient ON stays (recipient, begun_at);

CREATE INDEX stays_unit ON stays (unit, begun_at);

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

CREATE TABLE walks (
    site       TEXT   NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    started_by TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE web_sessions (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    agent_hint TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE INDEX web_sessions_seen ON web_sessions (seen_at);

CREATE INDEX web_sessions_user ON web_sessions (user_id);
