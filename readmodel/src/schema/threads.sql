-- What pull requests and issues come to: a function of their rows in `events` as they are. Where events of
-- one are dropped, its rows are those of what is left.

CREATE TABLE threads (
  repo     INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  part     INTEGER NOT NULL,         -- of all its events: 0 a pull request, 1 an issue; and 2, 4, 6 … more of those of one organisation, where there are others
  org      INTEGER,                  -- which all the events are of
  opened_at INTEGER,                 -- seconds: the earliest `opened`
  outcome  INTEGER,                  -- 0 accepted, 1 declined, 2 unknown; of an issue that was closed: 3 resolved, 4 reopened since
  ended_at INTEGER,                  -- seconds: of the outcome; of an issue its last close
  ended_after             INTEGER,   -- seconds from the opening until it was accepted, declined or resolved
  answered_after          INTEGER,   -- seconds from the opening until somebody else answered
  answered_by_human_after INTEGER,   -- the same without bots
  first_at INTEGER,                  -- seconds: an issue's first event
  last_at  INTEGER,                  -- seconds: an issue's last event
  first_closed_at INTEGER,           -- seconds: an issue's first close
  PRIMARY KEY (repo, number, part)
) STRICT, WITHOUT ROWID;

-- Their timelines: `threads/lines.rs` says what stands in which, and `timelines/` what a row is of. Of
-- everybody, and of repositories and organisations with many threads.

CREATE TABLE thread_lines_of_all (
  key     INTEGER NOT NULL,          -- 0
  line    INTEGER NOT NULL,
  start   INTEGER NOT NULL,          -- seconds, of a stretch of 2^level
  level   INTEGER NOT NULL,
  count   INTEGER NOT NULL,          -- entries
  entries BLOB    NOT NULL,
  PRIMARY KEY (key, line, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE thread_lines_of_repos (
  key     INTEGER NOT NULL,
  line    INTEGER NOT NULL,
  start   INTEGER NOT NULL,
  level   INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  entries BLOB    NOT NULL,
  PRIMARY KEY (key, line, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE thread_lines_of_orgs (
  key     INTEGER NOT NULL,
  line    INTEGER NOT NULL,
  start   INTEGER NOT NULL,
  level   INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  entries BLOB    NOT NULL,
  PRIMARY KEY (key, line, start)
) STRICT, WITHOUT ROWID;
