-- Positions of generators and owners of shards. Ids are unsigned 64-bit numbers.
CREATE TABLE IF NOT EXISTS eventer.shard (
    cluster numeric(20) NOT NULL,
    connection text NOT NULL,
    shard integer NOT NULL,
    epoch bigint NOT NULL,
    backend integer NOT NULL,
    backend_start timestamptz NOT NULL,
    PRIMARY KEY (cluster, connection, shard)
);
CREATE TABLE IF NOT EXISTS eventer.position (
    cluster numeric(20) NOT NULL,
    generator numeric(20) NOT NULL,
    incarnation numeric(20) NOT NULL,
    next bigint NOT NULL,
    skipped bigint NOT NULL,
    bytes bigint NOT NULL,
    fields text[] NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (cluster, generator, incarnation)
);
CREATE TABLE IF NOT EXISTS eventer.column_types (
    cluster numeric(20) NOT NULL,
    generator numeric(20) NOT NULL,
    incarnation numeric(20) NOT NULL,
    relation oid NOT NULL,
    types jsonb NOT NULL,
    PRIMARY KEY (cluster, generator, incarnation)
);
COMMENT ON TABLE eventer.shard IS 'Who delivers: the owner of the greatest epoch.';
COMMENT ON TABLE eventer.position IS
    'The index of the next event of each generator, moved in the transaction that writes its rows.';
COMMENT ON TABLE eventer.column_types IS
    'The type that each column of a generator''s table had when it was first written, by attnum.';
