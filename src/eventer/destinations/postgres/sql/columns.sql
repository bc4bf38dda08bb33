-- The columns of a relation ($1), with the base types of domains.
WITH RECURSIVE based AS (
    SELECT a.attnum, t.oid AS type, t.typtype, t.typbasetype, a.atttypmod AS modifier
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, t.oid, t.typtype, t.typbasetype, d.typtypmod
    FROM based AS b
    JOIN pg_catalog.pg_type AS d ON d.oid = b.type
    JOIN pg_catalog.pg_type AS t ON t.oid = b.typbasetype
    WHERE b.typtype = 'd'
)
SELECT
    a.attname::text AS name,
    a.attnum::int AS number,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    pg_catalog.format_type(t.oid, -1) AS base,
    CASE WHEN n.nspname = 'pg_catalog' THEN t.typname::text ELSE '' END AS base_name,
    t.typcategory::text AS category,
    t.typtype::text AS kind,
    CASE WHEN t.typname = 'numeric' AND b.modifier >= 4 THEN (b.modifier - 4) & 2047 END AS scale,
    -- Input that is padded, rounded or compared without case may have other bytes than its value.
    t.typname <> 'bpchar'
        AND (b.modifier < 0 OR t.typcategory NOT IN ('D', 'N'))
        AND coalesce(o.collisdeterministic, true) AS exact,
    CASE WHEN o.collisdeterministic IS FALSE THEN pg_catalog.format('%I.%I', m.nspname, o.collname)
         ELSE '' END AS collation,
    a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required,
    a.attidentity = 'a' AS always_identity,
    a.attgenerated <> '' AS generated,
    pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS may_insert,
    pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS may_update
FROM based AS b
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1::bigint::oid AND a.attnum = b.attnum
JOIN pg_catalog.pg_type AS t ON t.oid = b.type
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_collation AS o ON o.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace AS m ON m.oid = o.collnamespace
WHERE b.typtype <> 'd'
ORDER BY a.attnum
