-- Who contributed when, in lists, of which `contributor_lists/list.rs` has the bytes. A row of `contributor_lists_of_…` is
-- of a whole day, or, where that has many contributions, of an hour; an hour that has many has rows of its
-- minutes beside.

-- Of everybody.
CREATE TABLE contributor_lists_of_all (
  key    INTEGER NOT NULL,           -- 0
  start  INTEGER NOT NULL,           -- hours since 1970
  hours  INTEGER NOT NULL,           -- 1 or 24
  actors BLOB    NOT NULL,
  PRIMARY KEY (key, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE contributor_minutes_of_all (
  key    INTEGER NOT NULL,
  start  INTEGER NOT NULL,           -- minutes since 1970
  actors BLOB    NOT NULL,
  PRIMARY KEY (key, start)
) STRICT, WITHOUT ROWID;

-- Of those with many events.
CREATE TABLE contributor_lists_of_repos (
  key    INTEGER NOT NULL,
  start  INTEGER NOT NULL,
  hours  INTEGER NOT NULL,
  actors BLOB    NOT NULL,
  PRIMARY KEY (key, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE contributor_minutes_of_repos (
  key    INTEGER NOT NULL,
  start  INTEGER NOT NULL,
  actors BLOB    NOT NULL,
  PRIMARY KEY (key, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE contributor_lists_of_orgs (
  key    INTEGER NOT NULL,
  start  INTEGER NOT NULL,
  hours  INTEGER NOT NULL,
  actors BLOB    NOT NULL,
  PRIMARY KEY (key, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE contributor_minutes_of_orgs (
  key    INTEGER NOT NULL,
  start  INTEGER NOT NULL,
  actors BLOB    NOT NULL,
  PRIMARY KEY (key, start)
) STRICT, WITHOUT ROWID;
