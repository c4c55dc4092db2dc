"""Loads GH Archive hours into a table of chdb (ClickHouse in a process), durably.

Usage: chdb_load.py DIRECTORY FILES...    Prints the rows, and the seconds without starting Python.

Each line is parsed once; the columns are those that ghev's heads have, and the line itself. The table
has no order, which is the fastest to insert into, and its parts are synced, as ghev's log is.
"""

import os
import sys
import time

from chdb.session import Session

TABLE = """
CREATE TABLE bench.events (
    type LowCardinality(String), id String, created_at Nullable(DateTime('UTC')),
    actor_id Nullable(UInt64), actor_login Nullable(String),
    repo_id Nullable(UInt64), repo_name Nullable(String),
    org_id Nullable(UInt64), org_login Nullable(String),
    action LowCardinality(Nullable(String)), number Nullable(UInt64), merged Nullable(Bool),
    on_pull_request Bool, push_size Nullable(UInt64), raw String
) ENGINE = MergeTree ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

EVENT = """Tuple(
    type String, id String, created_at String,
    actor Tuple(id Nullable(UInt64), login Nullable(String)),
    repo Tuple(id Nullable(UInt64), name Nullable(String)),
    org Tuple(id Nullable(UInt64), login Nullable(String)),
    payload Tuple(action Nullable(String), number Nullable(UInt64), size Nullable(UInt64),
        issue Tuple(number Nullable(UInt64), pull_request Tuple(url Nullable(String))),
        pull_request Tuple(number Nullable(UInt64), merged Nullable(Bool))))"""

INSERT = """
INSERT INTO bench.events SELECT
    e.type, e.id, parseDateTimeBestEffortOrNull(e.created_at), e.actor.id, e.actor.login,
    e.repo.id, e.repo.name, e.org.id, e.org.login, e.payload.action,
    coalesce(e.payload.number, e.payload.issue.number, e.payload.pull_request.number),
    e.payload.pull_request.merged, e.payload.issue.pull_request.url IS NOT NULL, e.payload.size, line
FROM (SELECT line, JSONExtract(line, '{event}') AS e FROM file('{files}', LineAsString))
"""


def main():
    directory, files = sys.argv[1], sys.argv[2:]
    # Its lists of alternatives hold no directories.
    inputs = directory + "-inputs"
    os.makedirs(inputs)
    for file in files:
        os.symlink(os.path.abspath(file), os.path.join(inputs, os.path.basename(file)))
    started = time.monotonic()
    session = Session(directory)
    session.query("CREATE DATABASE bench")
    session.query(TABLE)
    session.query(INSERT.format(event=EVENT, files=os.path.join(inputs, "*")))
    seconds = time.monotonic() - started
    rows = str(session.query("SELECT count() FROM bench.events", "CSV")).strip()
    session.close()
    print(rows, seconds)


main()
