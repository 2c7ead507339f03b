-- +goose Up
-- The latest audit of each site: where the record had got to, the report as internal/cloud/audit
-- keeps it, and what folding the record up to there gave, so that the next audit reads only what came since.
CREATE TABLE audits (
    site        TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    differences BIGINT NOT NULL,
    report      TEXT   NOT NULL,
    replay      TEXT   NOT NULL
);

-- Guided audits: staff look into place after place of a site. body is the audit as internal/cloud/round keeps
-- it, version lets two phones not overwrite each other. What was seen stands in the site's record.
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
