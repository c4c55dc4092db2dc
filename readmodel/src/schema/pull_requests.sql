-- The time from one pull request of a repository to its next, as timelines of everybody's: `opening_gaps.rs` says what
-- stands in which line.

CREATE TABLE opening_gaps (
  key     INTEGER NOT NULL,          -- 0
  line    INTEGER NOT NULL,
  start   INTEGER NOT NULL,          -- seconds, of a stretch of 2^level
  level   INTEGER NOT NULL,
  count   INTEGER NOT NULL,          -- entries
  entries BLOB    NOT NULL,
  PRIMARY KEY (key, line, start)
) STRICT, WITHOUT ROWID;
