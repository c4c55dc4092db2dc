-- Schema 4: rows of `events` may be dropped. What they were of goes on being known by its key.

ALTER TABLE checkpoint ADD COLUMN events_since INTEGER;  -- seconds: rows of earlier events are dropped

CREATE TABLE dropped_events (
  kind        ANY     NOT NULL,
  id          ANY     NOT NULL,
  body_digest INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
