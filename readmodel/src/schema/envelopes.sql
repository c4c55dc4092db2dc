-- How many polls a record counts: itself where it begins one, and those before it that left no record; NULL for an import.

ALTER TABLE envelopes ADD COLUMN polls INTEGER;
