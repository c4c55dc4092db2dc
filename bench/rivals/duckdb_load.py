"""Loads GH Archive hours into a table of a DuckDB file, durably.

Usage: duckdb_load.py DIRECTORY FILES...    Prints the rows, and the seconds without starting Python.

Each line is parsed once; the columns are those that ghev's heads have, and the line itself. Lines are
read as a CSV of one column, which is faster here than DuckDB's own reader of lines of JSON.
"""

import os
import sys
import time

import duckdb

EVENT = """{"type": "VARCHAR", "id": "VARCHAR", "created_at": "TIMESTAMP",
    "actor": {"id": "UBIGINT", "login": "VARCHAR"},
    "repo": {"id": "UBIGINT", "name": "VARCHAR"},
    "org": {"id": "UBIGINT", "login": "VARCHAR"},
    "payload": {"action": "VARCHAR", "number": "UBIGINT", "size": "UBIGINT",
        "issue": {"number": "UBIGINT", "pull_request": {"url": "VARCHAR"}},
        "pull_request": {"number": "UBIGINT", "merged": "BOOLEAN"}}}"""

LOAD = """
CREATE TABLE events AS SELECT
    e.type AS type, e.id AS id, e.created_at AS created_at,
    e.actor.id AS actor_id, e.actor.login AS actor_login,
    e.repo.id AS repo_id, e.repo.name AS repo_name, e.org.id AS org_id, e.org.login AS org_login,
    e.payload.action AS action,
    coalesce(e.payload.number, e.payload.issue.number, e.payload.pull_request.number) AS number,
    e.payload.pull_request.merged AS merged,
    e.payload.issue.pull_request.url IS NOT NULL AS on_pull_request,
    e.payload.size AS push_size, line AS raw
FROM (SELECT line, json_transform(line, $event) AS e FROM read_csv($files,
    columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false,
    auto_detect = false, max_line_size = 16777216))
"""


def main():
    directory, files = sys.argv[1], sys.argv[2:]
    started = time.monotonic()
    os.makedirs(directory)
    database = duckdb.connect(os.path.join(directory, "events.duckdb"))
    database.execute(LOAD, {"event": EVENT, "files": files})
    rows = database.execute("SELECT count(*) FROM events").fetchone()[0]
    # Writes what is only in its log so far into the file, synced.
    database.close()
    print(rows, time.monotonic() - started)


main()
