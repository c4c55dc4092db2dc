-- What answers add up of events, by stretches of time: packed rows, of which `sums/slots.rs` has the bytes.
-- A row of unit 0 is of a day and has its hours; one of unit 1 is of an hour and has its minutes.

-- Of everybody: every day that has events, and those without a time under the smallest number.
CREATE TABLE sums_of_all (
  key   INTEGER NOT NULL,           -- 0
  unit  INTEGER NOT NULL,           -- 0: days
  start INTEGER NOT NULL,           -- days since 1970
  slots BLOB    NOT NULL,
  PRIMARY KEY (key, unit, start)
) STRICT, WITHOUT ROWID;

-- Of those with many events: every day of theirs that has some, and every hour that has many.
CREATE TABLE sums_of_repos (
  key   INTEGER NOT NULL,
  unit  INTEGER NOT NULL,           -- 0: days, 1: hours
  start INTEGER NOT NULL,           -- days or hours since 1970
  slots BLOB    NOT NULL,
  PRIMARY KEY (key, unit, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE sums_of_actors (
  key   INTEGER NOT NULL,
  unit  INTEGER NOT NULL,
  start INTEGER NOT NULL,
  slots BLOB    NOT NULL,
  PRIMARY KEY (key, unit, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE sums_of_orgs (
  key   INTEGER NOT NULL,
  unit  INTEGER NOT NULL,
  start INTEGER NOT NULL,
  slots BLOB    NOT NULL,
  PRIMARY KEY (key, unit, start)
) STRICT, WITHOUT ROWID;
