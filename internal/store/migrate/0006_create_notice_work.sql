-- +goose Up
-- What whoever is on duty was told, and imports that wait for a yes.

-- told_at is when an incident went into a mail to whoever is on duty, over_at when its end did; 0: not yet.
CREATE TABLE duty_reports (
    incident TEXT   NOT NULL PRIMARY KEY,
    site     TEXT   NOT NULL,
    told_at  BIGINT NOT NULL,
    over_at  BIGINT NOT NULL
);
CREATE INDEX duty_reports_site ON duty_reports (site, told_at);
CREATE INDEX duty_reports_open ON duty_reports (site) WHERE over_at = 0;

-- An import that was looked at and not applied yet. input is the file as it came, state is the hash
-- of everybody whom it was compared with.
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
CREATE INDEX imports_property ON imports (property, created_at);
CREATE INDEX imports_expires ON imports (expires_at);

-- Who collected lately, for those sites that confirm it.
CREATE INDEX stays_ended ON stays (site, ended_at) WHERE live = FALSE;
