#!/usr/bin/env python3
"""Kills a server again and again, and looks at what is left; everything it knows comes from Protocol/.

usage: crash.py --waggle PROGRAM [--kills N] [--seed S] [--seconds T]

Each round: a mixed load over HTTP and WebSockets (orders, payments, deliveries, refunds, cancellations,
disputes, statements, touches, listings, pins, purchases of viewers, orders that a commission service
settles, revocations) until the process is gone: by kill -9 at a random moment, while it starts, or at a fail point
of its own (WAGGLE_FAILPOINT). Then a new process on the same directory, and:

- every report that was acknowledged gets the same answer again, marked as a repeat;
- one that was not is there or not, and can be reported, once;
- a subscriber resumes without gap or repeat, and its events are those of what is there, each once;
- pins and locks are the last acknowledged ones, or the one in flight; a lock is of whoever came first;
- an endpoint of webhooks was told of every transaction of the ledger, under its id, and of no other;
- whose token was revoked does not come in;
- the ledger sums to zero and to what buyers paid; nothing waits for ever; `waggle verify` agrees.

The seed decides what is done and where it ends; how far the load gets meanwhile is the machine's.
It also has to have been tried: over a long run every fail point was met, every kind of report was
acknowledged, and nothing was refused but for a reason that such a load gives.

Exit status: 0 everything holds, 1 something does not, 75 the time was over before all kills.
"""

import argparse
import collections
import json
import os
import random
import signal
import sys
import tempfile
import time

from crash_shop import BOOKS, Process, expect
from crash_witness import Endpoint
from crash_world import World
from waggle import Failure

POINTS = [
    "before-commit", "after-commit", "after-reply", "settlement-answered", "settlement-booked",
    "webhook-sent", "webhook-written"]
# Passed once a turn or an event, and not once a round.
RARE_POINTS = ("settlement", "webhook-written")
# What has to have been acknowledged in a long run, by the last part of a report's path.
KINDS = [
    "orders", "payment", "delivery", "refunds", "cancellation", "dispute", "resolution", "releases",
    "statements", "revocations", "touches", "pins", "purchases"]
# So many kills are a long run.
LONG = 60
# Why this load may be refused: there may be nothing to pay, or a release between two reports.
KNOWN_REFUSALS = {"nothing_to_pay", "already_released"}


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.chance = random.Random(options.seed)
        self.counts = collections.Counter()
        self.refusals = collections.Counter()
        self.asked, self.met = collections.Counter(), collections.Counter()
        self.acknowledged = collections.Counter()
        self.endpoint = Endpoint()

    def plan(self):
        """How the next process is to end: a fail point with its count, or None and a time."""
        dice = self.chance.random()
        if dice < 0.45:
            point = self.chance.choice(POINTS)
            count = self.chance.randrange(1, 8 if point.startswith(RARE_POINTS) else 40)
            self.asked[point] += 1
            return "point", f"{point}:{count}"
        if dice < 0.55:
            return "start", self.chance.uniform(0, 0.04)
        return "moment", self.chance.uniform(0, 0.3)

    def kill(self, world):
        kind, detail = self.plan()
        server = world.start(detail if kind == "point" else None)
        if kind == "start":
            time.sleep(detail)
            server.end()
            self.counts["while starting"] += 1
            return
        if server.ready() is None:
            # A fail point may be met by what is done at the start.
            server.end()
            self.meet(detail)
            return
        world.url = server.url

        def by_time():
            time.sleep(detail)
            server.end()

        def by_point():
            if server.ends_within(5):
                self.meet(detail)
            else:
                self.counts["a fail point not met"] += 1
            server.end()

        try:
            world.load(server, by_time if kind == "moment" else by_point)
        except (OSError, Failure) as failure:
            # It may have ended while the follower was coming.
            if server.ends_within(5) and not world.faults and "was closed" in str(failure):
                pass
            elif not isinstance(failure, OSError):
                raise
        finally:
            server.end()
        if kind == "moment":
            self.counts["at a random moment"] += 1

    def meet(self, detail):
        point = detail.split(":")[0]
        self.counts[point] += 1
        self.met[point] += 1

    def check(self, world, last):
        server = world.start()
        try:
            server.ready() or world.give_up()
            world.url = server.url
            self.counts["in flight"] += world.check()
            if last:
                world.check_everything()
        finally:
            code = server.end(signal.SIGTERM if last else signal.SIGKILL)
        if last:
            expect("the exit code of an orderly stop", code, 0)

    def directory(self, service, kills, deadline):
        world = World(self.options, service, self.folder, self.chance, self.endpoint)
        done = 0
        while done < kills and time.monotonic() < deadline:
            self.kill(world)
            done += 1
            if world.faults:
                raise Failure("; ".join(world.faults[:5]))
            self.check(world, last=False)
        self.check(world, last=True)
        self.counts["acknowledged"] += world.answered
        self.counts["facts"] += len(world.facts)
        self.counts["events followed"] += sum(world.seen.values())
        self.counts["revocations that held"] += world.revoked.checked["refused"]
        self.counts["webhooks taken"] += len(world.witness.taken)
        self.counts["webhooks taken again"] += world.witness.repeats
        self.acknowledged += world.acknowledged
        self.refusals += world.refusals
        world.log.close()
        return done

    def floors(self, kills):
        """What a run has to have tried for its silence to mean anything."""
        unknown = set(self.refusals) - KNOWN_REFUSALS
        if unknown:
            raise Failure(f"refused for unknown reasons: { {code: self.refusals[code] for code in unknown} }")
        asked, met = sum(self.asked.values()), sum(self.met.values())
        if asked >= 4 and met * 2 < asked:
            raise Failure(f"of {asked} fail points {met} were met")
        for point, count in self.asked.items():
            # Three misses in a row are chance or a slow machine, more are a place that nobody passes.
            if count >= 4 and not self.met[point]:
                raise Failure(f"{point} was asked for {count} times and never met")
        if kills and not self.acknowledged["orders"]:
            raise Failure("no order was acknowledged")
        if kills < LONG:
            return
        missing = [kind for kind in KINDS if not self.acknowledged[kind]]
        missing += [point for point in POINTS if not self.met[point]]
        missing += [
            what for what in ("in flight", "webhooks taken", "webhooks taken again",
                              "revocations that held", "events followed") if not self.counts[what]]
        if missing:
            raise Failure(f"in {kills} kills never: " + ", ".join(missing))

    def go(self):
        keys = os.path.join(self.folder, "books.json")
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump({"version": 1, "commissionKeys": [{"id": "books", "secret": BOOKS}]}, out)
        service = Process(
            [self.options.waggle, "commission-service", "--keys", keys, "--port", "0"], None)
        began = time.monotonic()
        kills = 0
        try:
            url = service.ready()
            while kills < self.options.kills and time.monotonic() < began + self.options.seconds:
                kills += self.directory(
                    url, min(25, self.options.kills - kills), began + self.options.seconds)
                seconds = time.monotonic() - began
                print(f"crash: {kills} kills, {seconds:.0f} s", flush=True)
        finally:
            service.end()
            self.endpoint.close()
        told = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        print(f"crash: seed {self.options.seed}: {kills} kills hold; {told}")
        if self.refusals:
            print(f"crash: refused: {dict(self.refusals)}")
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.acknowledged.items()))
        print(f"crash: acknowledged: {kinds}")
        self.floors(kills)
        return 0 if kills >= self.options.kills else 75


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waggle", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1800)
    options = parser.parse_args()
    options.waggle = os.path.abspath(options.waggle)
    # Whoever ends this ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="waggle-crash-") as folder:
        try:
            return Run(options, folder).go()
        except Failure as failure:
            print(f"crash: seed {options.seed}: {failure}", file=sys.stderr)
            with open(os.path.join(folder, "log"), "rb") as log:
                sys.stderr.buffer.write(log.read()[-2000:])
            return 1


if __name__ == "__main__":
    sys.exit(main())
