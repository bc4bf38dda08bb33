-- A segment has a pace of any kind, as JSON text. Earlier ones had count and interval.

ALTER TABLE segment RENAME TO earlier_segment;

CREATE TABLE segment (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    t0 INTEGER NOT NULL,
    n0 INTEGER NOT NULL,
    u0 INTEGER NOT NULL,
    draw_key TEXT NOT NULL,
    pace TEXT NOT NULL
);

INSERT INTO segment (ordinal, generator, t0, n0, u0, draw_key, pace)
SELECT
    ordinal, generator, t0, n0, 0, '0',
    '{"kind":"ticks","count":' || count || ',"interval":' || interval || '}'
FROM earlier_segment;

DROP TABLE earlier_segment;

CREATE INDEX segment_by_generator ON segment (generator);
