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
ALTER TABLE eventer.position ADD COLUMN IF NOT EXISTS column_types jsonb;
ALTER TABLE eventer.position ADD COLUMN IF NOT EXISTS dropped bigint NOT NULL DEFAULT 0;
ALTER TABLE eventer.position ADD COLUMN IF NOT EXISTS cursor bigint[];
COMMENT ON TABLE eventer.shard IS 'Who delivers: the owner of the greatest epoch.';
COMMENT ON TABLE eventer.position IS
    'The index of the next event of each generator, moved in the transaction that writes its rows.';
COMMENT ON COLUMN eventer.position.cursor IS
    'Of steps of timelines, the place of the next one in their order: due (ns), index, step.';
COMMENT ON COLUMN eventer.position.column_types IS
    'The oid of the table, and the type of each column when it was first written, by attnum.';
