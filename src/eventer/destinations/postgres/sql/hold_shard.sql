SELECT epoch
FROM eventer.shard
WHERE cluster = $1::text::numeric AND connection = $2::text AND shard = $3::int
FOR UPDATE
