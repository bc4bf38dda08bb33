-- The faults that events get on purpose, as a JSON list.
ALTER TABLE generator ADD COLUMN faults TEXT NOT NULL DEFAULT '[]';
