-- The names and types of the columns of a table ($1), on which a direct COPY depends.
SELECT pg_catalog.string_agg(
    pg_catalog.format('%s %s %s', a.attname, a.atttypid, a.atttypmod), ',' ORDER BY a.attnum
)
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped
