-- A name for people, unique among the generators. `sqlite.py` names those of earlier versions.
ALTER TABLE generator ADD COLUMN name TEXT;

CREATE UNIQUE INDEX generator_by_name ON generator (name);
