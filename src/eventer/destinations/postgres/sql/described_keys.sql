-- The unique keys of a relation ($1): no partial ones, and none with expressions.
SELECT
    i.indisprimary AS is_primary,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= i.indnkeyatts
        ORDER BY k.place
    ) AS columns
FROM pg_catalog.pg_index AS i
WHERE i.indrelid = $1::bigint::oid AND i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL
ORDER BY i.indisprimary DESC, i.indexrelid
