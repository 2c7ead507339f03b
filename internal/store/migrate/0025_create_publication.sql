-- +goose Up
-- What was published of the record of all sites, a row for each day of UTC: somebody outside keeps the note, so that
-- nothing before it can be changed unseen. heads is a JSON list of [site, epoch, size], the rows of table heads whose hashes the
-- note holds.

CREATE TABLE publications (
    day     TEXT   NOT NULL PRIMARY KEY,
    note    BYTEA  NOT NULL,
    heads   TEXT   NOT NULL,
    made_at BIGINT NOT NULL
);
