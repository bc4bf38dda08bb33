-- The foreign keys and checks of a relation ($1).
SELECT
    c.contype::text AS kind,
    pg_catalog.pg_get_constraintdef(c.oid) AS definition,
    ARRAY(
        SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number
        ORDER BY k.place
    ) AS columns,
    n.nspname::text AS schema,
    f.relname::text AS table,
    ARRAY(
        SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.number
        ORDER BY k.place
    ) AS referenced
FROM pg_catalog.pg_constraint AS c
LEFT JOIN pg_catalog.pg_class AS f ON f.oid = c.confrelid
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = f.relnamespace
WHERE c.conrelid = $1::bigint::oid AND c.contype IN ('f', 'c') AND c.conparentid = 0
ORDER BY c.conkey, c.conname
