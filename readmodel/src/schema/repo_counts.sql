-- How many events of each kind each repository had, of which `repo_counts/counts.rs` has the bytes. A row is of a whole
-- day, or, where that has many events, of an hour.

CREATE TABLE repo_counts (
  start  INTEGER PRIMARY KEY,        -- hours since 1970
  hours  INTEGER NOT NULL,           -- 1 or 24
  counts BLOB    NOT NULL
) STRICT;
