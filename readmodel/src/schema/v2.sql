-- Schema 2: contributors, and whether an event bears a bot's login (a bit of `events.flags`).

CREATE TABLE contributors (
  "to"     INTEGER NOT NULL,        -- what is contributed to: 0 anything, 1 a repository, 2 an organisation
  key      INTEGER NOT NULL,        -- of the repository or the organisation
  by_bot   INTEGER NOT NULL,        -- 1: under a bot's login
  actor    INTEGER NOT NULL,
  first_at INTEGER,                 -- seconds
  events   INTEGER NOT NULL,
  PRIMARY KEY ("to", key, by_bot, actor)
) STRICT, WITHOUT ROWID;
