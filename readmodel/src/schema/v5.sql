-- Schema 5: counts by the minute, so that a window that does not begin with an hour walks through the
-- events of less than a minute at each end.

CREATE TABLE minute_counts (
  minute INTEGER NOT NULL,          -- minutes since 1970
  kind   ANY     NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (minute, kind)
) STRICT, WITHOUT ROWID;
