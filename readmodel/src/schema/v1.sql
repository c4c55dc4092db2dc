-- Schema 1 of the read model. `schema/mod.rs` says what the tables are for.

CREATE TABLE checkpoint (
  only        INTEGER PRIMARY KEY CHECK (only = 1),
  log_id      TEXT    NOT NULL,
  next_offset INTEGER NOT NULL,
  observed_at INTEGER,              -- milliseconds: the newest envelope's
  events      INTEGER NOT NULL,     -- rows of `events`
  duplicates  INTEGER NOT NULL,     -- repeats with the same body
  conflicts   INTEGER NOT NULL,     -- repeats with another body
  dead        INTEGER NOT NULL      -- rows of `dead_letters`
) STRICT;

CREATE TABLE events (
  place       INTEGER PRIMARY KEY,  -- offset << 16 | index
  kind        ANY     NOT NULL,
  id          ANY     NOT NULL,
  created_at  INTEGER NOT NULL,     -- seconds
  repo        INTEGER,
  actor       INTEGER,
  org         INTEGER,
  action      ANY,
  number      INTEGER,
  flags       INTEGER NOT NULL,
  name_tags   INTEGER NOT NULL,     -- which of their names repo, actor and org bore
  push_size   INTEGER,
  body_digest INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_by_key ON events (kind, id);

CREATE TABLE hourly_counts (
  hour   INTEGER NOT NULL,          -- hours since 1970
  kind   ANY     NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (hour, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE envelopes (
  "offset"    INTEGER PRIMARY KEY,
  source      TEXT    NOT NULL,
  observed_at INTEGER NOT NULL,     -- milliseconds
  events      INTEGER NOT NULL,     -- new to the model
  page        INTEGER,              -- of a poll; NULL for an import
  status      INTEGER,
  error       TEXT,
  received    INTEGER,
  new         INTEGER,
  duplicate   INTEGER,
  conflicting INTEGER,
  overlap     INTEGER,
  latency_ms  INTEGER,
  next_poll_at INTEGER,             -- milliseconds
  rate_limit     INTEGER,
  rate_remaining INTEGER,
  rate_reset_at  INTEGER            -- milliseconds
) STRICT;

CREATE TABLE envelope_counts (
  "offset" INTEGER NOT NULL,
  kind     ANY     NOT NULL,
  events   INTEGER NOT NULL,
  PRIMARY KEY ("offset", kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  source      TEXT    PRIMARY KEY,
  polls       INTEGER NOT NULL,
  events      INTEGER NOT NULL,
  last_offset INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
  "offset" INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  source   TEXT    NOT NULL,
  from_at  INTEGER,                 -- seconds
  to_at    INTEGER NOT NULL,        -- seconds
  reason   INTEGER NOT NULL,
  PRIMARY KEY ("offset", number)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
  "offset" INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  source   TEXT    NOT NULL,
  place    TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  digest   TEXT    NOT NULL,
  bytes    INTEGER NOT NULL,
  PRIMARY KEY ("offset", number)
) STRICT, WITHOUT ROWID;

CREATE TABLE repo_names (
  key      INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  lowered  TEXT    NOT NULL,
  first_at INTEGER,                 -- seconds
  last_at  INTEGER,                 -- seconds
  events   INTEGER NOT NULL,
  PRIMARY KEY (key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE actor_names (
  key      INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  lowered  TEXT    NOT NULL,
  first_at INTEGER,
  last_at  INTEGER,
  events   INTEGER NOT NULL,
  PRIMARY KEY (key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE org_names (
  key      INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  lowered  TEXT    NOT NULL,
  first_at INTEGER,
  last_at  INTEGER,
  events   INTEGER NOT NULL,
  PRIMARY KEY (key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE pull_requests (
  repo      INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  opened_at INTEGER,                -- seconds: the earliest `opened`
  first_at  INTEGER,                -- seconds: the earliest of any action
  PRIMARY KEY (repo, number)
) STRICT, WITHOUT ROWID;
