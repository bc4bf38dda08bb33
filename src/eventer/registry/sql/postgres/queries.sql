-- The statements that only PostgreSQL's registry has: about the lease, and about files of rows. The database's clock counts: services may have different ones.

-- name: acquire_lease
UPDATE lease SET epoch = epoch + 1, url = :url, renewed_at = clock_timestamp(), operation = NULL
WHERE renewed_at < clock_timestamp() - :seconds * INTERVAL '1 second'
RETURNING epoch;

-- name: renew_lease
UPDATE lease SET renewed_at = clock_timestamp() WHERE epoch = :epoch RETURNING epoch;

-- name: release_lease
UPDATE lease SET renewed_at = '-infinity' WHERE epoch = :epoch;

-- name: read_lease
SELECT epoch, url, operation,
    renewed_at >= clock_timestamp() - :seconds * INTERVAL '1 second' AS is_held
FROM lease;

-- name: begin_operation
UPDATE lease SET operation = :operation WHERE epoch = :epoch RETURNING epoch;

-- name: keep_row_file
INSERT INTO row_file (digest, content) VALUES (:digest, :content) ON CONFLICT DO NOTHING;

-- name: read_row_file
SELECT content FROM row_file WHERE digest = :digest;

-- name: remove_row_files
DELETE FROM row_file WHERE digest <> ALL(:used);
