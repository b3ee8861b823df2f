"""Measures the server beside its peers: see Tools/bench and Protocol/benchmarks.md."""

import argparse
import importlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from figures import Figures
from processes import Failure

PARTS = ["fanout", "memory", "settlement", "latency", "cores", "scale", "start"]


class Bench:
    """What every part needs: programs, options, and where to put things."""

    def __init__(self, options, folder):
        self.folder = folder
        self.sources = os.path.dirname(os.path.abspath(__file__))
        self.waggle = os.path.abspath(options.waggle)
        self.load = os.path.abspath(options.load)
        self.programs = options.programs
        self.rounds = options.rounds
        self.quick = options.quick
        self.long = options.long
        self.shapes = options.shape
        self.frames = 12_000 if options.quick else 40_000
        self.missing = {}

    def program(self, name):
        return os.path.join(self.programs, name)

    def has(self, kind, figures):
        reason = kind.missing()
        if reason:
            self.missing[kind.name] = reason
            figures.note(f"{kind.name} is missing: {reason}")
        return reason is None

    @staticmethod
    def say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    @staticmethod
    def wait_for(condition, complaint, seconds=10):
        """What the condition gives, as soon as that is something."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise Failure(complaint)
            time.sleep(0.05)


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def machine():
    model = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "kernel": platform.release(),
        "cpu": model, "cores": os.cpu_count(), "load": os.getloadavg(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "commit": output("git", "rev-parse", "HEAD"),
        "swift": output("swift", "--version").partition("\n")[0],
        "packages": output("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "nginx",
                           "libnginx-mod-nchan", "nodejs", "node-ws", "postgresql-15",
                           "libsqlite3-0", "gcc").splitlines()}


def main():
    parser = argparse.ArgumentParser(prog="Tools/bench")
    parser.add_argument("--waggle", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--only", default="|".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shape", action="append")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--json", default="bench.json")
    options = parser.parse_args()
    parts = [part for part in options.only.replace(",", "|").split("|") if part]
    for part in parts:
        if part not in PARTS:
            parser.error(f"{part} is none of {' '.join(PARTS)}")
    if options.quick:
        options.rounds = min(options.rounds, 2)

    # Whoever ends this run ends what it has started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="waggle-bench-")
    os.chmod(folder, 0o755)
    figures = Figures()
    bench = Bench(options, folder)
    found = {"machine": machine(), "options": vars(options), "faults": {}}
    begun = time.monotonic()
    try:
        for part in parts:
            try:
                importlib.import_module(part).run(bench, figures)
            except Exception as failure:  # the other parts are measured all the same
                bench.say(f"{part} failed: {failure!r}")
                found["faults"][part] = repr(failure)
    finally:
        found.update(
            seconds=round(time.monotonic() - begun, 1), loadAfter=os.getloadavg(),
            missing=bench.missing, rows=figures.rows, notes=figures.notes, figures=figures.rounds)
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1, ensure_ascii=False)
        print(figures.table())
        print(f"every figure: {options.json}")
        shutil.rmtree(folder, ignore_errors=True)
    missed = [row["name"] for row in figures.rows if row.get("holds") is False]
    return 1 if missed or found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
