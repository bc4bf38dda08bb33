-- How many events of each generator were dropped so far.
UPDATE eventer.position AS p
SET dropped = d.dropped
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS d (cluster, generator, incarnation, dropped)
WHERE p.cluster = d.cluster::numeric
  AND p.generator = d.generator::numeric
  AND p.incarnation = d.incarnation::numeric
