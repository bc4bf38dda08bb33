SELECT p.cluster::text, p.generator::text, p.incarnation::text, p.column_types::text
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (cluster, generator, incarnation)
JOIN eventer.position AS p
    ON p.cluster = k.cluster::numeric
   AND p.generator = k.generator::numeric
   AND p.incarnation = k.incarnation::numeric
WHERE p.column_types IS NOT NULL
