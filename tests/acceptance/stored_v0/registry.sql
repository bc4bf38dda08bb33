PRAGMA user_version = 1;
PRAGMA application_id = 0;
BEGIN TRANSACTION;
CREATE TABLE cluster (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL,
    shards INTEGER NOT NULL CHECK (shards >= 1)
);
INSERT INTO "cluster" VALUES(1,'3292844649448605940',2);
CREATE TABLE fingerprint (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    fingerprint TEXT NOT NULL
);
INSERT INTO "fingerprint" VALUES(1,'15417640114267846529',0,'d1-f1-b23f4c970ad24e3c');
INSERT INTO "fingerprint" VALUES(2,'6080434620201216304',0,'d1-f1-b23f4c970ad24e3c');
INSERT INTO "fingerprint" VALUES(3,'6862467429123348194',0,'d1-f1-b23f4c970ad24e3c');
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
INSERT INTO "generator" VALUES(1,'15417640114267846529',1,'{"dataset":null,"destination":{"connection":"postgres","key":null,"kind":"postgres","table":"kept_rows"},"seed":"7","stream":null,"template":"b2d05a6019018fa77b391609340de6d504d83211fc47367fbf3dbc958804ad1c"}','{"kind":"postgres","table":"kept_rows","connection":"postgres","key":null}','["postgres", "postgres", "kept_rows"]','{"text":"{ n: std.native(''get_integer'')(1, 9), v: if self.n == 3 then error ''three'' else self.n }","name":"template","vars":"{}"}','b2d05a6019018fa77b391609340de6d504d83211fc47367fbf3dbc958804ad1c',NULL,'template:b2d05a6019018fa77b391609340de6d504d83211fc47367fbf3dbc958804ad1c','7',1,NULL,'acceptance','paused','skip','drop',1,'plan',NULL,'{"columns":[{"name":"n","type":"bigint"},{"name":"v","type":"bigint"}],"open":false,"is_object":true}',NULL,225,26,2587,'[]',1795996660367453393,1795996671610393623);
INSERT INTO "generator" VALUES(2,'6080434620201216304',1,'{"dataset":null,"destination":{"connection":"postgres","key":null,"kind":"postgres","table":"kept"},"seed":"42","stream":"kept","template":"5b6127f78a0b98a65f5fe54ca42dbc969c8e7ac9728e766d1db2364930bb304a"}','{"kind":"postgres","table":"kept","connection":"postgres","key":null}','["postgres", "postgres", "kept"]','{"text":"local pick = std.native(''get_one_of'');\nlocal whole = std.native(''get_integer'');\n{ id: whole(1, 40), kind: pick(''new, paid, shipped''), at: std.native(''get_timestamp'')(''now-1h'', ''now'', ''1s''),\n  name: std.native(''get_rand_data'')().name,   more: { [if $.kind == ''shipped'' then ''tracking'' else null]: whole(1, 1000000) } }","name":"template","vars":"{\"unused\":1}"}','5b6127f78a0b98a65f5fe54ca42dbc969c8e7ac9728e766d1db2364930bb304a','kept','name:kept','42',1,NULL,'acceptance','running','stop','drop',0,'plan',NULL,'{"columns":[{"name":"at","type":"timestamptz"},{"name":"id","type":"bigint"},{"name":"kind","type":"text"},{"name":"more","type":"jsonb"},{"name":"name","type":"text"}],"open":false,"is_object":true}',NULL,329,0,31066,'[]',1795996660367453393,1795996671508209955);
INSERT INTO "generator" VALUES(3,'6862467429123348194',1,'{"dataset":null,"destination":{"connection":"kafka","headers":[],"key":"kind","kind":"kafka","partition":null,"timestamp":null,"topic":"kept"},"seed":"42","stream":"kept","template":"5b6127f78a0b98a65f5fe54ca42dbc969c8e7ac9728e766d1db2364930bb304a"}','{"kind":"kafka","topic":"kept","connection":"kafka","key":"kind","partition":null,"timestamp":null,"headers":[],"partitions":1,"replication":null,"config":[]}','["kafka", "kafka", "kept"]','{"text":"local pick = std.native(''get_one_of'');\nlocal whole = std.native(''get_integer'');\n{ id: whole(1, 40), kind: pick(''new, paid, shipped''), at: std.native(''get_timestamp'')(''now-1h'', ''now'', ''1s''),\n  name: std.native(''get_rand_data'')().name,   more: { [if $.kind == ''shipped'' then ''tracking'' else null]: whole(1, 1000000) } }","name":"template","vars":"{\"unused\":1}"}','5b6127f78a0b98a65f5fe54ca42dbc969c8e7ac9728e766d1db2364930bb304a','kept','name:kept','42',1,NULL,'acceptance','running','stop','drop',0,'plan',NULL,'{"columns":[{"name":"at","type":"timestamptz"},{"name":"id","type":"bigint"},{"name":"kind","type":"text"},{"name":"more","type":"jsonb"},{"name":"name","type":"text"}],"open":false,"is_object":true}',NULL,329,0,31066,'[[0, 1]]',1795996660367453393,1795996671508209955);
CREATE TABLE incarnation (
    generator TEXT PRIMARY KEY,
    last INTEGER NOT NULL CHECK (last >= 1)
);
INSERT INTO "incarnation" VALUES('15417640114267846529',1);
INSERT INTO "incarnation" VALUES('6080434620201216304',1);
INSERT INTO "incarnation" VALUES('6862467429123348194',1);
CREATE TABLE segment (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    t0 INTEGER NOT NULL,
    n0 INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 1),
    interval INTEGER NOT NULL CHECK (interval >= 1)
);
INSERT INTO "segment" VALUES(1,'15417640114267846529',1795996660367453393,0,5,250000000);
INSERT INTO "segment" VALUES(2,'6080434620201216304',1795996660367453393,0,7,300000000);
INSERT INTO "segment" VALUES(3,'6862467429123348194',1795996660367453393,0,7,300000000);
INSERT INTO "segment" VALUES(4,'6080434620201216304',1795996671667453393,266,7,200000000);
INSERT INTO "segment" VALUES(5,'6862467429123348194',1795996671667453393,266,7,200000000);
CREATE INDEX generator_by_stream ON generator (stream_key, digest);
CREATE INDEX segment_by_generator ON segment (generator);
CREATE INDEX fingerprint_by_generator ON fingerprint (generator);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('generator',3);
INSERT INTO "sqlite_sequence" VALUES('segment',5);
INSERT INTO "sqlite_sequence" VALUES('fingerprint',3);
COMMIT;
