-- +goose Up
-- Tests of all doors of a site, led by the console: one row for each site, the latest test. body is the test
-- as internal/commission keeps it, version lets two phones not overwrite each other. Who answered what
-- and when stands in acts.
CREATE TABLE walks (
    site       TEXT   NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    started_by TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
