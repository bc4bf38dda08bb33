SELECT
    t.cluster::text, t.generator::text, t.incarnation::text, t.relation::bigint AS relation,
    t.types::text AS types
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (cluster, generator, incarnation)
JOIN eventer.column_types AS t
    ON t.cluster = k.cluster::numeric
   AND t.generator = k.generator::numeric
   AND t.incarnation = k.incarnation::numeric
