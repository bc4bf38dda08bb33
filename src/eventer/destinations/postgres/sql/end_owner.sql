-- Terminates the session of the previous owner, which keeps the row of the shard locked.
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM eventer.shard AS s
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = s.backend AND a.backend_start = s.backend_start
WHERE s.cluster = $1::text::numeric AND s.connection = $2::text AND s.shard = $3::int
