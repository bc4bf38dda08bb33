-- The statements of both registries, by name, in SQL that SQLite and PostgreSQL understand. The
-- conditions on the incarnation ignore late reports about a removed generator, so that they do not
-- change its successor.

-- name: create_cluster
INSERT INTO cluster ("only", id, shards) VALUES (1, :id, :shards)
ON CONFLICT ("only") DO NOTHING;

-- name: read_cluster
SELECT id, shards FROM cluster;

-- name: next_incarnation
INSERT INTO incarnation (generator, last) VALUES (:id, 1)
ON CONFLICT (generator) DO UPDATE SET last = incarnation.last + 1;

-- name: add_generator
INSERT INTO generator (
    id, name, incarnation, identity, target, place, template, digest, stream, stream_key, seed,
    explicit_seed, dataset, instance_id, state, on_error, catch_up, shard, engine, engine_reason,
    shape, failure, position_next, position_skipped, position_bytes, position_partitions,
    position_dropped, position_cursor, on_null, faults, timeline, created_at, updated_at
)
SELECT
    :id, :name, last, :identity, :target, :place, :template, :digest, :stream, :stream_key, :seed,
    :explicit_seed, :dataset, :instance_id, :state, :on_error, :catch_up, :shard, :engine,
    :engine_reason, :shape, :failure, :position_next, :position_skipped, :position_bytes,
    :position_partitions, :position_dropped, :position_cursor, :on_null, :faults, :timeline,
    :created_at, :updated_at
FROM incarnation WHERE generator = :id;

-- name: remove_generator
DELETE FROM generator WHERE id = :id;

-- name: add_segment
INSERT INTO segment (generator, t0, n0, u0, draw_key, pace)
SELECT :id, :t0, :n0, :u0, :draw_key, :pace
FROM generator WHERE id = :id AND incarnation = :incarnation;

-- name: add_first_segment
INSERT INTO segment (generator, t0, n0, u0, draw_key, pace)
VALUES (:id, :t0, :n0, :u0, :draw_key, :pace);

-- name: clear_segments
DELETE FROM segment WHERE generator = :id;

-- name: touch_generator
UPDATE generator SET updated_at = :at WHERE id = :id AND incarnation = :incarnation;

-- name: set_state
UPDATE generator SET state = :state, failure = :failure, updated_at = :at
WHERE id = :id AND incarnation = :incarnation;

-- name: set_handling
UPDATE generator SET on_error = :on_error, catch_up = :catch_up, updated_at = :at
WHERE id = :id AND incarnation = :incarnation;

-- name: set_name
UPDATE generator SET name = :name, updated_at = :at WHERE id = :id AND incarnation = :incarnation;

-- name: set_position
UPDATE generator SET
    position_next = :position_next, position_skipped = :position_skipped,
    position_bytes = :position_bytes, position_partitions = :position_partitions,
    position_dropped = :position_dropped, position_cursor = :position_cursor
WHERE id = :id AND incarnation = :incarnation;

-- name: add_first_fingerprint
INSERT INTO fingerprint (generator, first, fingerprint, cursor)
VALUES (:id, :first, :fingerprint, :cursor);

-- name: add_fingerprint
INSERT INTO fingerprint (generator, first, fingerprint, cursor)
SELECT :id, :first, :fingerprint, :cursor
FROM generator WHERE id = :id AND incarnation = :incarnation;

-- name: drop_later_bindings
DELETE FROM binding
WHERE generator = :id AND name = :name AND first >= :first
AND EXISTS (SELECT 1 FROM generator WHERE id = :id AND incarnation = :incarnation);

-- name: add_binding
INSERT INTO binding (generator, name, first, referenced, incarnation, segments, finish)
SELECT :id, :name, :first, :referenced, :referenced_incarnation, :segments, :finish
FROM generator WHERE id = :id AND incarnation = :incarnation;

-- name: clear_bindings
DELETE FROM binding WHERE generator = :id;

-- name: keep_last_fingerprint
DELETE FROM fingerprint
WHERE generator = :id
AND ordinal < (SELECT max(ordinal) FROM fingerprint WHERE generator = :id);

-- name: move_fingerprint_to_zero
UPDATE fingerprint SET first = 0, cursor = NULL WHERE generator = :id;

-- name: begin_incarnation
UPDATE generator SET
    incarnation = (SELECT last FROM incarnation WHERE generator = :id), failure = NULL,
    position_next = 0, position_skipped = 0, position_bytes = 0, position_partitions = '[]',
    position_dropped = 0, position_cursor = NULL,
    updated_at = :at
WHERE id = :id AND incarnation = :incarnation;

-- name: is_current
SELECT 1 FROM generator WHERE id = :id AND incarnation = :incarnation;

-- name: read_generators
SELECT * FROM generator ORDER BY ordinal;

-- name: read_generator
SELECT * FROM generator WHERE id = :id;

-- name: read_segments
SELECT generator, t0, n0, u0, draw_key, pace FROM segment WHERE generator = :id ORDER BY ordinal;

-- name: read_fingerprints
SELECT generator, first, fingerprint, cursor FROM fingerprint WHERE generator = :id ORDER BY ordinal;

-- name: read_bindings
SELECT generator, name, first, referenced, incarnation, segments, finish
FROM binding WHERE generator = :id ORDER BY ordinal;

-- name: read_all_segments
SELECT generator, t0, n0, u0, draw_key, pace FROM segment ORDER BY ordinal;

-- name: read_all_fingerprints
SELECT generator, first, fingerprint, cursor FROM fingerprint ORDER BY ordinal;

-- name: read_all_bindings
SELECT generator, name, first, referenced, incarnation, segments, finish FROM binding ORDER BY ordinal;

-- name: find_seed
SELECT seed FROM generator
WHERE stream_key = :stream_key AND digest = :digest ORDER BY ordinal LIMIT 1;

-- name: read_names
SELECT name FROM generator WHERE name IS NOT NULL;

-- name: read_unnamed
SELECT id, target FROM generator WHERE name IS NULL ORDER BY ordinal;

-- name: name_generator
UPDATE generator SET name = :name WHERE id = :id;
