"""Archives into the log with the read model caught up, beside gzip, chdb and DuckDB in the same run."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from measure import cost_of, ended, rival_python, size_of

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 3
# Between two looks whether the read model has caught up.
LOOK_SECONDS = 0.01


class Load:
    """One load: its wall and CPU seconds, largest resident set, rows, and bytes left on the disk.

    `wall` leaves out what Python and a library take to start; `whole` does not.
    """

    def __init__(self, cost, wall=None, rows=None, bytes_left=0):
        self.whole = cost.wall
        self.wall = cost.wall if wall is None else wall
        self.cpu = cost.cpu
        self.peak_mb = cost.peak_mb
        self.rows = rows
        self.bytes_left = bytes_left

    def __str__(self):
        start = f" ({self.whole:.2f} with its start)" if self.whole > self.wall else ""
        kept = f", {self.rows} events in {self.bytes_left / 1e6:.1f} MB" if self.rows else ""
        return f"{self.wall:.2f} s wall{start}, {self.cpu:.2f} s CPU, {self.peak_mb:.0f} MB peak{kept}"


def load_plain(files):
    cost, _ = cost_of(["gzip", "-dc", *files], stderr=subprocess.DEVNULL)
    return Load(cost)


def load_rival(python, script, files):
    with tempfile.TemporaryDirectory(prefix="ghev-bench-") as scratch:
        directory = os.path.join(scratch, "data")
        command = [python, os.path.join(HERE, "rivals", script), directory, *files]
        cost, printed = cost_of(command)
        rows, seconds = printed.split()
        return Load(cost, float(seconds), int(rows), size_of(directory))


def load_ours(ghev, files):
    """`ghev import`, then `ghev project --once`: the read model is at the log's end."""
    with tempfile.TemporaryDirectory(prefix="ghev-bench-") as data:
        cost, printed = cost_of([ghev, "import", "--data", data, "--format", "json", *files])
        cost.add(cost_of([ghev, "project", "--data", data, "--once"], stderr=subprocess.DEVNULL)[0])
        return Load(cost, None, json.loads(printed)["appended"], size_of(os.path.join(data, "log")))


def load_beside(ghev, files):
    """`ghev import` beside a `ghev project` that follows, until it is at the log's end."""
    with tempfile.TemporaryDirectory(prefix="ghev-bench-") as data:
        started = time.monotonic()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        projector = subprocess.Popen([ghev, "project", "--data", data], **quiet)
        cost, printed = cost_of([ghev, "import", "--data", data, "--format", "json", *files])
        while lag(ghev, data) != 0:
            time.sleep(LOOK_SECONDS)
        wall = time.monotonic() - started
        projector.send_signal(signal.SIGTERM)
        cost.add(ended(projector, started))
        cost.wall = wall
        return Load(cost, None, json.loads(printed)["appended"], size_of(os.path.join(data, "log")))


def lag(ghev, data):
    """How many records the read model is behind; `None` before there is one."""
    printed = subprocess.run(
        [ghev, "status", "--data", data, "--format", "json"], capture_output=True, check=False
    ).stdout
    model = json.loads(printed or b"{}").get("read_model") or {}
    return model.get("lag")


def rivals():
    for name, library in (("chdb", "chdb"), ("DuckDB", "duckdb")):
        python = rival_python(name, library)
        if python:
            yield name, lambda files, at=python, script=f"{library}_load.py": load_rival(at, script, files)


def bench_loading(ghev, files):
    loads = {"gzip -dc": load_plain, **dict(rivals())}
    loads["ghev"] = lambda files: load_ours(ghev, files)
    loads["ghev, beside"] = lambda files: load_beside(ghev, files)
    best = {}
    for _ in range(ROUNDS):
        for name, load in loads.items():
            once = load(files)
            if name not in best or once.wall < best[name].wall:
                best[name] = once
    for name, load in best.items():
        print(f"{name:<15} {load}")
    compare(best, sum(map(os.path.getsize, files)))


def compare(best, stored_bytes):
    ours = best["ghev"]
    for name in ("chdb", "DuckDB"):
        if name in best:
            other = best[name]
            if other.rows != ours.rows:
                print(f"  {name} has {other.rows} events, ghev {ours.rows}")
            whole = f"{ours.wall / other.whole:.2f} with its start"
            print(f"  wall against {name}: {ours.wall / other.wall:.2f}, {whole}")
    print(f"  CPU against gzip -dc: {ours.cpu / best['gzip -dc'].cpu:.2f}")
    print(f"  log against the files: {ours.bytes_left / stored_bytes:.3f}")
