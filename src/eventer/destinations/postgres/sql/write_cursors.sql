-- The place of the next step of each generator of timelines.
UPDATE eventer.position AS p
SET cursor = d.cursor::bigint[]
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    AS d (cluster, generator, incarnation, cursor)
WHERE p.cluster = d.cluster::numeric
  AND p.generator = d.generator::numeric
  AND p.incarnation = d.incarnation::numeric
