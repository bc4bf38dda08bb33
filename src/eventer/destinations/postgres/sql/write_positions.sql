INSERT INTO eventer.position
    (cluster, generator, incarnation, next, skipped, bytes, fields, updated_at)
SELECT
    d.cluster::numeric, d.generator::numeric, d.incarnation::numeric, d.next, d.skipped, d.bytes,
    ARRAY(SELECT jsonb_array_elements_text(d.fields::jsonb)), now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
    AS d (cluster, generator, incarnation, next, skipped, bytes, fields)
ON CONFLICT (cluster, generator, incarnation) DO UPDATE
SET next = excluded.next, skipped = excluded.skipped, bytes = excluded.bytes,
    fields = excluded.fields, updated_at = excluded.updated_at
