"""Asks DuckDB what ghev's read model was asked, over a file of its own with the same events.

Usage: duckdb_ask.py DATABASE < EVENTS.csv      loads what `bench/model` hands over; prints the rows
       duckdb_ask.py DATABASE QUESTIONS         prints microseconds and a figure for each line that it can answer

A line of QUESTIONS is one that the bench `questions` prints. Questions about threads are left to ghev: what it
answers to them takes DuckDB several window functions, and one of these alone is asked here (the interval).
"""

import sys
import time

import duckdb

COLUMNS = {
    "kind": "UTINYINT", "id": "UBIGINT", "created_at": "BIGINT", "repo": "BIGINT", "actor": "BIGINT",
    "org": "BIGINT", "action": "UTINYINT", "number": "UBIGINT", "push_size": "UBIGINT",
}  # fmt: skip

# In ghev's model: kinds and actions by number.
PULL_REQUEST, PUSH, OPENED = 10, 13, 0
CONTRIBUTIONS = "0, 6, 7, 10, 11, 12, 13"

QUESTIONS = {
    "event-counts": "SELECT coalesce(sum(n), 0) FROM (SELECT kind, count(*) n FROM events WHERE {where} GROUP BY kind)",
    "activity": f"""SELECT count(*) FILTER (kind = {PUSH}) FROM (SELECT kind, action, push_size FROM events
        WHERE {{where}} AND kind IN (4, 13, 14, 15))""",
    "activity-matrix": """SELECT coalesce(sum(n), 0) FROM (SELECT dayofweek(make_timestamp(created_at * 1000000)) d,
        created_at // 3600 % 24 h, count(*) n FROM events WHERE {where} GROUP BY d, h)""",
    "event-series": """SELECT coalesce(sum(n), 0) FROM (SELECT created_at // 86400 d, kind, count(*) n FROM events
        WHERE {where} GROUP BY d, kind)""",
    "pull-request-interval": f"""WITH opened AS (SELECT repo, number, min(created_at) t FROM events
        WHERE {{scope}} AND kind = {PULL_REQUEST} AND action = {OPENED} AND number IS NOT NULL AND repo IS NOT NULL
        GROUP BY repo, number),
        gaps AS (SELECT t, t - lag(t) OVER (PARTITION BY repo ORDER BY t) gap FROM opened WHERE {{window}})
        SELECT count(*), avg(gap), quantile_cont(gap, [0.5, 0.9]), min(gap), max(gap) FROM gaps""",
    "contributors": f"""SELECT count(*) FROM (SELECT actor, count(*) n FROM events
        WHERE {{where}} AND kind IN ({CONTRIBUTIONS}) AND actor IS NOT NULL GROUP BY actor)""",
}


def load(database):
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    database.execute(
        f"CREATE TABLE events AS SELECT * FROM read_csv('/dev/stdin', header = false, columns = {{{columns}}})"
    )
    print(database.execute("SELECT count(*) FROM events").fetchone()[0])


def ask(database, path):
    for line in open(path, encoding="ascii"):
        question, scope, key, begin, end = line.split("\t")[:5]
        if question not in QUESTIONS:
            continue
        of_scope = f"{scope} = {int(key)}" if key else "true"
        between = [f"created_at >= {int(begin)}"] * (begin != "0") + [f"created_at < {int(end)}"] * (end != "0")
        where = " AND ".join([of_scope, *between])
        window = " AND ".join(between or ["true"]).replace("created_at", "t")
        sql = QUESTIONS[question].format(where=where, scope=of_scope, window=window)
        began = time.perf_counter()
        answer = database.execute(sql).fetchall()[0][0]
        print(question, scope, f"{(time.perf_counter() - began) * 1e6:.1f}", answer, sep="\t")


def main():
    database = duckdb.connect(sys.argv[1])
    if len(sys.argv) > 2:
        ask(database, sys.argv[2])
    else:
        load(database)
    database.close()


main()
