"""What is built, what commands cost, and services while they are measured. Knows nothing about what is
measured."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def build(*arguments):
    """Builds with cargo; returns the directory of what was built."""
    command = ["cargo", "build", "--release", "--locked", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)
    return os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release")


class Cost:
    """What a command cost: seconds of wall and CPU time, and its largest resident set."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / 1024

    def add(self, other):
        """What this and then another command cost."""
        self.wall += other.wall
        self.cpu += other.cpu
        self.peak_mb = max(self.peak_mb, other.peak_mb)

    def __str__(self):
        return f"{self.wall:.2f} s wall, {self.cpu:.2f} s CPU, {self.peak_mb:.0f} MB peak"


def cost_of(command, **options):
    """Runs a command to its end; returns what it cost and the last line it printed.

    Little is read: a child's peak memory cannot be told below that of this process.
    """
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        child = subprocess.Popen(command, stdout=output, **options)
        cost = ended(child, started)
        if child.returncode != 0:
            sys.exit(f"{command} ended with {child.returncode}")
        output.seek(max(0, output.seek(0, os.SEEK_END) - 1000))
        return cost, output.read().decode(errors="replace").strip().rpartition("\n")[2]


def ended(child, started):
    """Waits for a command to end; what it cost since it was started."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(time.monotonic() - started, usage)


def size_of(directory):
    """Bytes of the files below a directory; one with two names counts once."""
    files = {}
    for at, _, names in os.walk(directory):
        for name in names:
            stat = os.lstat(os.path.join(at, name))
            files[stat.st_ino] = stat.st_size
    return sum(files.values())


def start(command, pattern):
    """Starts a service and waits for the line that names its address."""
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in child.stderr:
        found = re.search(pattern, line)
        if found:
            return child, found.group(1)
    sys.exit(f"{command} ended before it listened")


def stop(child):
    child.send_signal(signal.SIGTERM)
    child.wait()


def resident_mb(child):
    with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def rival_python(name, library):
    """The Python that has a library to compare with; says so and returns `None` where there is none."""
    beside = os.path.join(ROOT, "bench", "out", "venv", "bin", "python")
    python = os.environ.get("GHEV_BENCH_PYTHON", beside if os.path.exists(beside) else sys.executable)
    found = subprocess.run([python, "-c", f"import {library}"], capture_output=True, check=False)
    if found.returncode == 0:
        return python
    print(f"{name:<15} skipped: not installed; see bench/rivals/requirements.txt")
    return None
