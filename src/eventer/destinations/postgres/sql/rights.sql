-- Whether the role may create a table in a schema ($1; null for the first of the search path).
SELECT
    wanted.schema,
    n.oid IS NOT NULL AS schema_exists,
    CASE WHEN n.oid IS NOT NULL THEN pg_catalog.has_schema_privilege(n.oid, 'CREATE')
         ELSE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
    END AS may_create
FROM (
    SELECT coalesce($1::text, (
        SELECT s.schema::text
        FROM unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s (schema, place)
        WHERE s.schema <> 'eventer'
        ORDER BY s.place
        LIMIT 1
    )) AS schema
) AS wanted
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted.schema
