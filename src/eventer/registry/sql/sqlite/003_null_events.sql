-- Whether null events are dropped, and how many were.
ALTER TABLE generator ADD COLUMN on_null TEXT NOT NULL DEFAULT 'emit';
ALTER TABLE generator ADD COLUMN position_dropped INTEGER NOT NULL DEFAULT 0;
