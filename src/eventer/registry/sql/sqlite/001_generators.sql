-- Unsigned 64-bit numbers (ids, seeds) are decimal text: SQLite's integers are signed.
-- Instants and intervals are nanoseconds. No STRICT and no RETURNING: they need SQLite 3.37 and 3.35.

CREATE TABLE cluster (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL,
    shards INTEGER NOT NULL CHECK (shards >= 1)
);

-- The last incarnation that each id has had; it outlives the generator.
CREATE TABLE incarnation (
    generator TEXT PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last >= 1)
);

CREATE TABLE generator (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    incarnation INTEGER NOT NULL,
    identity TEXT NOT NULL,
    target TEXT NOT NULL,
    place TEXT NOT NULL,
    template TEXT NOT NULL,
    digest TEXT NOT NULL,
    stream TEXT,
    stream_key TEXT NOT NULL,
    seed TEXT NOT NULL,
    explicit_seed INTEGER NOT NULL,
    dataset TEXT,
    instance_id TEXT,
    state TEXT NOT NULL,
    on_error TEXT NOT NULL,
    catch_up TEXT NOT NULL,
    shard INTEGER NOT NULL,
    engine TEXT NOT NULL,
    engine_reason TEXT,
    shape TEXT NOT NULL,
    failure TEXT,
    position_next INTEGER NOT NULL,
    position_skipped INTEGER NOT NULL,
    position_bytes INTEGER NOT NULL,
    position_partitions TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE INDEX generator_by_stream ON generator (stream_key, digest);

CREATE TABLE segment (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    t0 INTEGER NOT NULL,
    n0 INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 1),
    interval INTEGER NOT NULL CHECK (interval >= 1)
);

CREATE INDEX segment_by_generator ON segment (generator);

CREATE TABLE fingerprint (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    fingerprint TEXT NOT NULL
);

CREATE INDEX fingerprint_by_generator ON fingerprint (generator);
