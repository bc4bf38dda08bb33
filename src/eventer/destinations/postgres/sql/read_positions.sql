-- An earlier version may have created the table without the columns `dropped` and `cursor`.
SELECT
    p.cluster::text, p.generator::text, p.incarnation::text, p.next, p.skipped, p.bytes, p.fields,
    coalesce((to_jsonb(p) ->> 'dropped')::bigint, 0) AS dropped,
    to_jsonb(p) ->> 'cursor' AS cursor
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (cluster, generator, incarnation)
JOIN eventer.position AS p
    ON p.cluster = k.cluster::numeric
   AND p.generator = k.generator::numeric
   AND p.incarnation = k.incarnation::numeric
