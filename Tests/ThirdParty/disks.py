#!/usr/bin/env python3
"""Fills the disk under a running server, and starts one on a disk that is read-only.

usage: disks.py --waggle PROGRAM [--seed S]

On a small file system of its own in memory, which only root can make. Full: every report is refused as
`storage_unavailable`, temporary; /readyz is red, /livez green, and reading goes on. As soon as there
is room again the same process takes everything, without anybody asking it to; what was acknowledged
gets the same answers. Read-only: the program says what is wrong and ends, and loses nothing.

Exit status: 0 everything holds, 1 something does not, 77 no file system could be made.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from crash_shop import SHOP, Fact, Line, expect
from crash_world import World
from waggle import Backend, Failure


def mount(*arguments):
    return subprocess.run(
        ["mount", *arguments], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def status(world, path):
    return Backend(world.url).request("GET", path)[0]


def wait_for(what, holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


def fill(path):
    """Writes until nothing more fits."""
    with open(path, "wb", buffering=0) as out:
        size = 65_536
        while size >= 512:
            try:
                out.write(bytes(size))
            except OSError:
                size //= 2


@contextlib.contextmanager
def running(world):
    server = world.start()
    try:
        server.ready() or world.give_up()
        world.url = server.url
        yield server
        expect("the exit code of an orderly stop", server.end(signal.SIGTERM), 0)
    finally:
        server.end()


def full(world, folder):
    world.round += 1
    world.follow().close()
    line = Line(world, SHOP)
    facts = list(world.reports(random.Random(2), SHOP, "before"))
    for fact in facts:
        expect(fact.path, world.post(line, fact), True)
    fill(os.path.join(folder, "filler"))
    refused = []
    for number in range(200):
        fact = Fact(SHOP, "/v1/orders", {**facts[0].body, "order": f"full-{number}"}, "order.placed")
        code, _, answer = line.request("POST", fact.path, fact.body)
        if code == 201:
            # The log still had room in its last page, or in what a checkpoint gave back.
            expect("no acceptance after a refusal", refused, [])
            fact.answer = answer
            world.fresh.append(fact)
            continue
        expect("a full disk", (code, answer["code"], answer["temporary"]),
               (503, "storage_unavailable", True))
        refused.append(fact)
        expect("/readyz", status(world, "/readyz"), 503)
        expect("/livez", status(world, "/livez"), 200)
        expect("reading", line.request("GET", "/v1/orders/before")[0], 200)
        expect("refused is unchanged", line.request(
            "GET", "/v1/orders/" + fact.body["order"])[0], 404)
        if len(refused) == 5:
            break
    expect("refusals", len(refused), 5)
    os.unlink(os.path.join(folder, "filler"))
    wait_for("readiness", lambda: status(world, "/readyz") == 200)
    for fact in refused:
        expect(fact.path, world.post(line, fact), True)
    world.check()


def read_only(world, folder):
    mount("-o", "remount,ro", folder) or sys.exit(77)
    server = world.start()
    expect("a start on a read-only disk", server.ready(), None)
    code = server.end()
    if code <= 0:
        raise Failure(f"a start on a read-only disk ended with {code}")
    world.log.flush()
    with open(world.log.name, "rb") as log:
        last = log.read().decode().strip().splitlines()[-1]
    print(f"disks: read-only: exit {code}, {last}")
    mount("-o", "remount,rw", folder) or sys.exit(77)
    with running(world):
        world.check_everything()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waggle", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.waggle = os.path.abspath(options.waggle)
    # Whoever ends this ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="waggle-disk-") as base:
        folder = os.path.join(base, "disk")
        os.mkdir(folder)
        if not mount("-t", "tmpfs", "-o", "size=6m", "waggle-crash", folder):
            print("disks: LEFT OUT: no file system can be mounted here (not root?)")
            return 77
        world = None
        try:
            world = World(options, "http://127.0.0.1:9", folder, random.Random(options.seed))
            world.log.close()
            world.log = open(os.path.join(base, "log"), "ab")
            with running(world):
                full(world, folder)
            read_only(world, folder)
            print("disks: full and read-only: everything holds")
            return 0
        except Failure as failure:
            print(f"disks: {failure}", file=sys.stderr)
            return 1
        finally:
            if world:
                world.log.close()
            subprocess.run(["umount", folder], stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
