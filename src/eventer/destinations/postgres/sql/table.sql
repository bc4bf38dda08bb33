-- The relation of a name ($2) in a schema ($1) or, if that is null, on the search path without the
-- schema `eventer`, which is on the default search path of a role of that name.
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    pg_catalog.has_any_column_privilege(c.oid, 'INSERT') AS may_insert,
    pg_catalog.has_any_column_privilege(c.oid, 'UPDATE')
        AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS may_update,
    pg_catalog.has_table_privilege(c.oid, 'DELETE')
        AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS may_delete,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
    pg_catalog.row_security_active(c.oid) AS row_security,
    current_user::text AS role
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = $2::text
  AND CASE WHEN $1::text IS NULL
      THEN n.nspname = ANY (pg_catalog.current_schemas(false)) AND n.nspname <> 'eventer'
      ELSE n.nspname = $1::text END
ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname)
LIMIT 1
