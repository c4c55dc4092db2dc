-- Schema 6: which version of each projection has written its tables. `projection.rs` has those of now.

CREATE TABLE projections (
  name    TEXT    PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
