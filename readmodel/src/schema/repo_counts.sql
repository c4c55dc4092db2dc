-- How many events of each kind each repository had, of which `repo_counts/counts.rs` has the bytes. A row is of a whole
-- day, or, where that has many events, of an hour, or, where that has many, of a minute.

CREATE TABLE repo_counts (
  start   INTEGER PRIMARY KEY,       -- minutes since 1970
  minutes INTEGER NOT NULL,          -- 1, 60 or 1440
  counts  BLOB    NOT NULL
) STRICT;
