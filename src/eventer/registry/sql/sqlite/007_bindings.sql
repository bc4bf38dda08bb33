-- Which events of other generators a generator may refer to, from its own index `first` on, by the
-- name of the reference. `finish` is the end of their indices, if there is one; `segments` is a JSON list.
CREATE TABLE binding (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    generator TEXT NOT NULL REFERENCES generator (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    first INTEGER NOT NULL,
    referenced TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    segments TEXT NOT NULL,
    finish INTEGER
);

CREATE INDEX binding_by_generator ON binding (generator);
