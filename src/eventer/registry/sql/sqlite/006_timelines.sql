-- How values are read as timelines, and places in the order of their steps.
ALTER TABLE generator ADD COLUMN timeline TEXT;
ALTER TABLE generator ADD COLUMN position_cursor TEXT;
ALTER TABLE fingerprint ADD COLUMN cursor TEXT;
