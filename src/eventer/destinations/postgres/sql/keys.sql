-- The columns of each unique index of a table ($1) that ON CONFLICT can name, primary key first.
SELECT
    i.indisprimary AS is_primary,
    (
        SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= i.indnkeyatts
    ) AS columns
FROM pg_catalog.pg_index AS i
WHERE i.indrelid = $1::bigint::oid
  AND i.indisunique AND i.indisvalid AND i.indimmediate AND NOT i.indisexclusion
  AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC
