-- The types of columns by number; those that were known before stay, unless the table is another.
UPDATE eventer.position AS p
SET column_types = jsonb_build_object('relation', d.relation, 'types', d.types::jsonb || CASE
    WHEN p.column_types -> 'relation' = to_jsonb(d.relation) THEN p.column_types -> 'types'
    ELSE '{}' END)
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
    AS d (cluster, generator, incarnation, relation, types)
WHERE p.cluster = d.cluster::numeric
  AND p.generator = d.generator::numeric
  AND p.incarnation = d.incarnation::numeric
  AND (p.column_types -> 'relation' IS DISTINCT FROM to_jsonb(d.relation)
       OR d.types::jsonb || (p.column_types -> 'types') <> p.column_types -> 'types')
