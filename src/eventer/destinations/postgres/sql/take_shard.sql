INSERT INTO eventer.shard AS s (cluster, connection, shard, epoch, backend, backend_start)
SELECT $1::text::numeric, $2::text, $3::int, 1, a.pid, a.backend_start
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = pg_catalog.pg_backend_pid()
ON CONFLICT (cluster, connection, shard) DO UPDATE
SET epoch = s.epoch + 1, backend = excluded.backend, backend_start = excluded.backend_start
RETURNING epoch
