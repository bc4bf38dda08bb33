-- The types of columns by number; those that were known before stay, unless the table is another.
INSERT INTO eventer.column_types AS known (cluster, generator, incarnation, relation, types)
SELECT
    d.cluster::numeric, d.generator::numeric, d.incarnation::numeric, d.relation::oid,
    d.types::jsonb
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
    AS d (cluster, generator, incarnation, relation, types)
ON CONFLICT (cluster, generator, incarnation) DO UPDATE
SET relation = excluded.relation,
    types = CASE WHEN known.relation = excluded.relation THEN excluded.types || known.types
            ELSE excluded.types END
WHERE known.relation <> excluded.relation OR NOT excluded.types || known.types = known.types
