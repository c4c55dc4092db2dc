-- What activity adds up of single events, beyond how many there are: rows of the hours and minutes that
-- have any.

CREATE TABLE hourly_activity (
  hour             INTEGER PRIMARY KEY,  -- hours since 1970
  releases         INTEGER NOT NULL,     -- published
  commits          INTEGER NOT NULL,     -- of the pushes that say how many
  pushes_with_size INTEGER NOT NULL      -- how many these are
) STRICT;

CREATE TABLE minute_activity (
  minute           INTEGER PRIMARY KEY,  -- minutes since 1970
  releases         INTEGER NOT NULL,
  commits          INTEGER NOT NULL,
  pushes_with_size INTEGER NOT NULL
) STRICT;
