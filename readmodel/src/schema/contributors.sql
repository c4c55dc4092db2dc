-- Who has contributed to what, in another order than before: who has done so under a bot's login and under another
-- one has both rows side by side.

DROP TABLE contributors;

CREATE TABLE contributors (
  "to"     INTEGER NOT NULL,        -- what is contributed to: 0 anything, 1 a repository, 2 an organisation
  key      INTEGER NOT NULL,        -- of the repository or the organisation
  actor    INTEGER NOT NULL,
  by_bot   INTEGER NOT NULL,        -- 1: under a bot's login
  first_at INTEGER,                 -- seconds
  events   INTEGER NOT NULL,
  PRIMARY KEY ("to", key, actor, by_bot)
) STRICT, WITHOUT ROWID;

-- When they did so first, as timelines of those with many contributors, and how many did so how often:
-- `contributor_totals.rs` says what stands in which line.

CREATE TABLE contributor_firsts (
  key     INTEGER NOT NULL,
  line    INTEGER NOT NULL,
  start   INTEGER NOT NULL,
  level   INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  entries BLOB    NOT NULL,
  PRIMARY KEY (key, line, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE contributor_tallies (
  key   INTEGER NOT NULL,
  line  INTEGER NOT NULL,
  tally BLOB    NOT NULL,
  PRIMARY KEY (key, line)
) STRICT, WITHOUT ROWID;
