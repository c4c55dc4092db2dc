-- Schema 3: the totals of each repository and organisation, so that lists of them can be walked in
-- order. `writer/identity_totals.rs` keeps them: sums over the tables of names.

CREATE TABLE repos (
  key     INTEGER PRIMARY KEY,
  events  INTEGER NOT NULL,
  last_at INTEGER NOT NULL          -- seconds
) STRICT;

CREATE TABLE orgs (
  key     INTEGER PRIMARY KEY,
  events  INTEGER NOT NULL,
  last_at INTEGER NOT NULL          -- seconds
) STRICT;
