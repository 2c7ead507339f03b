-- name: CountCodes :one
-- The codes that are valid at a site, by what they stand for. Staff and passes are counted as the site
-- knows them, also those whose access was taken back: rather one too many than one too few.
SELECT
    (SELECT COUNT(*) FROM stays s WHERE s.site = sqlc.arg(site) AND s.live = TRUE) AS stays,
    (SELECT COUNT(*) FROM couriers c WHERE c.site = sqlc.arg(site) AND c.revoked = FALSE) AS couriers,
    (SELECT COUNT(*) FROM directory_changes d WHERE d.site = sqlc.arg(site) AND d.kind = 'staff' AND d.deleted = FALSE) AS staff,
    (SELECT COUNT(*) FROM directory_changes g WHERE g.site = sqlc.arg(site) AND g.kind = 'grant' AND g.deleted = FALSE) AS passes;

-- name: ListCodesOfUnits :many
-- The units with the most codes first: whoever guesses names theirs.
SELECT unit, COUNT(*) AS codes FROM stays WHERE site = $1 AND live = TRUE AND unit <> ''
GROUP BY unit ORDER BY codes DESC, unit LIMIT sqlc.arg(page);
