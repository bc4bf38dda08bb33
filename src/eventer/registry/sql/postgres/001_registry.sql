-- The tables of sqlite/, after all of its migrations, and the lease of the leader.
-- Unsigned 64-bit numbers (ids, seeds) are decimal text: integers are signed.
-- Instants and intervals are nanoseconds.

CREATE TABLE cluster (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    id TEXT NOT NULL,
    shards BIGINT NOT NULL CHECK (shards >= 1)
);

-- One service is the leader. Each new leader has the next epoch, and each of its transactions writes
-- a random number here: so a leader whose lease was taken over cannot commit, and a leader that lost
-- the answer to a commit finds out whether it happened.
CREATE TABLE lease (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    epoch BIGINT NOT NULL,
    url TEXT NOT NULL,
    renewed_at TIMESTAMPTZ NOT NULL,
    operation TEXT
);

INSERT INTO lease VALUES (1, 0, '', '-infinity');

-- The last incarnation that each id has had; it outlives the generator.
CREATE TABLE incarnation (
    generator TEXT PRIMARY KEY,
    last BIGINT NOT NULL CHECK (last >= 1)
);

CREATE TABLE generator (
    ordinal BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    incarnation BIGINT NOT NULL,
    identity TEXT NOT NULL,
    target TEXT NOT NULL,
    place TEXT NOT NULL,
    template TEXT NOT NULL,
    digest TEXT NOT NULL,
    stream TEXT,
    stream_key TEXT NOT NULL,
    seed TEXT NOT NULL,
    explicit_seed BIGINT NOT NULL,
    dataset TEXT,
    instance_id TEXT,
    state TEXT NOT NULL,
    on_error TEXT NOT NULL,
    catch_up TEXT NOT NULL,
    on_null TEXT NOT NULL,
    faults TEXT NOT NULL,
    timeline TEXT,
    shard BIGINT NOT NULL,
    engine TEXT NOT NULL,
    engine_reason TEXT,
    shape TEXT NOT NULL,
    failure TEXT,
    position_next BIGINT NOT NULL,
    position_skipped BIGINT NOT NULL,
    position_dropped BIGINT NOT NULL,
    position_bytes BIGINT NOT NULL,
    position_partitions TEXT NOT NULL,
    position_cursor TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX generator_by_stream ON generator (stream_key, digest);

CREATE TABLE segment (
    ordinal BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    t0 BIGINT NOT NULL,
    n0 BIGINT NOT NULL,
    u0 BIGINT NOT NULL,
    draw_key TEXT NOT NULL,
    pace TEXT NOT NULL
);

CREATE INDEX segment_by_generator ON segment (generator);

CREATE TABLE fingerprint (
    ordinal BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    first BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    cursor TEXT
);

CREATE INDEX fingerprint_by_generator ON fingerprint (generator);

CREATE TABLE binding (
    ordinal BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    first BIGINT NOT NULL,
    referenced TEXT NOT NULL,
    incarnation BIGINT NOT NULL,
    segments TEXT NOT NULL,
    finish BIGINT
);

CREATE INDEX binding_by_generator ON binding (generator);

-- The files of rows that generators read, by the digest of their content.
CREATE TABLE row_file (
    digest TEXT PRIMARY KEY,
    content BYTEA NOT NULL
);
