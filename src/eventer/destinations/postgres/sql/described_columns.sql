-- The columns of a relation ($1) that can be written, with the base types of domains.
WITH RECURSIVE based AS (
    SELECT a.attnum, t.oid AS type, t.typtype, t.typbasetype, a.atttypmod AS modifier,
           t.typnotnull AS required, ARRAY[t.oid] AS types
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, t.oid, t.typtype, t.typbasetype,
           CASE WHEN b.modifier >= 0 THEN b.modifier ELSE d.typtypmod END,
           b.required OR t.typnotnull, b.types || t.oid
    FROM based AS b
    JOIN pg_catalog.pg_type AS d ON d.oid = b.type
    JOIN pg_catalog.pg_type AS t ON t.oid = b.typbasetype
    WHERE b.typtype = 'd'
)
SELECT
    a.attname::text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    t.typname::text AS base,
    t.typcategory::text AS category,
    coalesce(e.typname::text, '') AS item_base,
    coalesce(e.typcategory::text, '') AS item_category,
    a.attnotnull OR b.required AS required,
    a.atthasdef OR a.attidentity <> '' AS has_default,
    a.attgenerated <> '' AS generated,
    CASE WHEN t.typname IN ('varchar', 'bpchar') AND b.modifier > 4 THEN b.modifier - 4 END
        AS max_length,
    CASE WHEN t.typname = 'numeric' AND b.modifier >= 4 THEN (b.modifier - 4) & 2047 END AS scale,
    CASE WHEN t.typname = 'numeric' AND b.modifier >= 4 THEN (b.modifier - 4) >> 16 END
        AS precision,
    ARRAY(
        SELECT l.enumlabel::text FROM pg_catalog.pg_enum AS l
        WHERE l.enumtypid = CASE WHEN e.typtype = 'e' THEN e.oid ELSE t.oid END
        ORDER BY l.enumsortorder
    ) AS labels,
    ARRAY(
        SELECT pg_catalog.pg_get_constraintdef(c.oid) FROM pg_catalog.pg_constraint AS c
        WHERE c.contypid = ANY(b.types) AND c.contype = 'c' ORDER BY c.conname
    ) AS checks
FROM based AS b
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1::bigint::oid AND a.attnum = b.attnum
JOIN pg_catalog.pg_type AS t ON t.oid = b.type
LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE b.typtype <> 'd'
ORDER BY a.attnum
