#!/usr/bin/env python3
"""Keeps a server busy for a while, and fails where memory, descriptors or latency grow.

usage: soak.py --waggle PROGRAM [--seconds T] [--viewers N] [--seed S] [--plant WHAT]

A mixed load over HTTP and WebSockets, of people who come, go and come back, rooms that open and end,
links, orders and their whole life, figures that are watched, wrong tokens, bad input, readers that do
not read and connections that say nothing. After a warm-up there are phases of equal length, each of
two halves: in the first one new things are stored, in the second one everything else goes on. What is
stored may stay in memory, up to a bound for each order; what is not may not. Latencies are compared
with those of a loopback and a disk without a server, so that a busy machine is no growth.

At the end everybody leaves: as many descriptors are open as before anybody came. Then `waggle verify`,
and SIGTERM with clients in a room: exit code 0 in time.

--plant shows that growth is found: the driver does not let go of some clients (`descriptors`), stores
orders that it does not count (`memory`), or delays its own calls ever more (`latency`).
Exit status: 0 nothing grows, 1 something does or is wrong.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time

import soak_figures
from crash_shop import BOOKS, DELEGATED, ROOM, SHOP, Line, Process
from soak_figures import KIB, MIB, Phase, Reading
from soak_visitors import DRAIN_SECONDS, Sale
from waggle import Failure

PHASES = 6
# How much of the whole time is for the warm-up, in phases.
WARM_UP = 1.5
PLANTS = ["descriptors", "memory", "latency"]
# What a stop may take beyond its limit: the process has to end, too.
STOP_SECONDS = DRAIN_SECONDS + 3
# Clients that do not read, at once.
SLOW_READERS = 2


class Growth(Failure):
    """Something grew that had to stay."""


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.sale = self.server = None

    def reading(self):
        return Reading(self.server.child.pid, self.sale.url)

    def go(self):
        keys = os.path.join(self.folder, "books.json")
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump({"version": 1, "commissionKeys": [{"id": "books", "secret": BOOKS}]}, out)
        service = Process(
            [self.options.waggle, "commission-service", "--keys", keys, "--port", "0"], None)
        try:
            self.sale = Sale(
                self.options, service.ready(), self.folder, random.Random(self.options.seed))
            self.server = self.sale.start()
            self.sale.url = self.server.ready() or self.sale.give_up()
            self.soak()
        finally:
            if self.server:
                self.server.end()
            service.end()

    def soak(self):
        sale = self.sale
        self.open_what_stays_open()
        baseline = self.reading()
        self.open_doors()
        phases = self.play()
        sale.storing.clear()
        sale.over.set()
        for thread in sale.threads:
            thread.join(30)
            if thread.is_alive():
                sale.faults.append("a visitor waits for ever")
        sale.send_away()
        self.hold()
        sale.facts += [fact for fact in sale.fresh if fact.answer is not None]
        orders = sale.stored
        last = self.alone(baseline)
        self.tell(baseline, phases, last, orders)
        growth = [
            *soak_figures.of_leaving(baseline, last, orders), *soak_figures.of_memory(phases),
            *soak_figures.of_standing(phases, SLOW_READERS),
            *soak_figures.of_latency(sale.watch, self.options.seconds)]
        if growth:
            raise Growth("; ".join(growth))
        sale.check_money({name: Line(sale, name) for name in (SHOP, DELEGATED)})
        self.stop()

    def open_what_stays_open(self):
        """The readers' databases, and the connections to the commission service."""
        for storefront in (SHOP, DELEGATED):
            line = Line(self.sale, storefront)
            for fact in self.sale.reports(random.Random(1), storefront, "first"):
                self.sale.post(line, fact)
            self.sale.count_order()
            while line.done("GET", "/v1/unsettled")["count"]:
                time.sleep(0.05)
        del line
        time.sleep(1)

    def open_doors(self):
        sale = self.sale
        for index in range(2):
            sale.run(sale.reporting, 0.03, f"o{index}", SHOP, stores=True)
        sale.run(sale.reporting, 0.06, "d", DELEGATED, stores=True)
        sale.run(sale.hosting, 0.15, stores=True)
        for _ in range(3):
            sale.run(sale.coming_and_going, 0.1)
        for visitor, seconds in [
            (sale.sitting, 0.5), (sale.asking, 0.05), (sale.landing, 0.25), (sale.measuring, 0.1),
            (sale.misbehaving, 0.15), (sale.saying_nothing, 1),
        ]:
            sale.run(visitor, seconds)
        for _ in range(SLOW_READERS):
            sale.run(sale.not_reading, 2)
        if self.options.plant == "memory":
            sale.run(sale.hiding, 0.05)

    def play(self):
        sale = self.sale
        half = self.options.seconds / (PHASES + WARM_UP) / 2
        self.span(half * WARM_UP, stores=True)
        self.span(half * WARM_UP, stores=False)
        phases = []
        before, count = self.settled(), sale.stored
        for number in range(PHASES):
            sale.watch.begin_phase()
            if self.options.plant == "latency":
                sale.delay = 0.015 * number
            during = self.span(half, stores=True)
            stored = self.settled()
            during += self.span(half, stores=False)
            quiet = self.settled()
            phases.append(Phase(before, stored, quiet, during, sale.stored - count))
            before, count = quiet, sale.stored
            print(f"soak: phase {number + 1}: {phases[-1]}", flush=True)
        return phases

    def span(self, seconds, stores):
        """Lets time pass, and looks about once a second."""
        (self.sale.storing.set if stores else self.sale.storing.clear)()
        readings, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 1))
            self.hold()
            readings.append(self.reading())
        return readings

    def hold(self):
        if self.sale.faults:
            raise Failure("; ".join(self.sale.faults[:5]))

    def settled(self):
        """A look while nothing new comes in; of several, the one in the middle by memory."""
        self.sale.storing.clear()
        readings = []
        for _ in range(5):
            readings.append(self.reading())
            time.sleep(0.1)
        return sorted(readings, key=lambda reading: reading.memory)[2]

    def alone(self, baseline):
        """A look with nobody there: whoever is leaving gets some seconds for it."""
        deadline = time.monotonic() + 15
        while True:
            last = self.reading()
            busy = last.descriptors != baseline.descriptors or last["queued_bytes"] > 0
            if not busy or time.monotonic() > deadline:
                return last
            time.sleep(0.25)

    def tell(self, baseline, phases, last, orders):
        watch = self.sale.watch
        print(
            f"soak: alone {baseline.descriptors} descriptors, {baseline.threads} threads, "
            f"{baseline.memory / MIB:.1f} MiB; after {orders} orders {last.descriptors}, "
            f"{last.threads}, {last.memory / MIB:.1f} MiB")
        kept = (phases[-1].quiet.memory - phases[0].before.memory) / max(
            1, sum(phase.orders for phase in phases))
        print(f"soak: {kept / KIB:.1f} KiB an order kept in memory")
        for kind in watch.kinds():
            figures = [
                " ".join(f"{seconds * 1000:.1f}" for seconds in watch.quantile(kind, part))
                for part in (0.5, 0.99, 1)]
            print(f"soak: {kind}: p50 {figures[0]} ms, p99 {figures[1]} ms, longest {figures[2]} ms")
        print(f"soak: steps {dict(self.sale.done)}; refused {dict(self.sale.refusals)}")

    def stop(self):
        """An orderly stop with clients there."""
        guests = [self.sale.session(f"seat{index}", "viewer") for index in range(5)]
        for guest in guests:
            guest.call("room.join", room=ROOM)
        began = time.monotonic()
        self.server.child.send_signal(signal.SIGTERM)
        if not self.server.ends_within(STOP_SECONDS):
            raise Failure(f"it does not stop within {STOP_SECONDS} s")
        code = self.server.end()
        if code != 0:
            raise Failure(f"it stopped with {code}")
        for guest in guests:
            code = guest.wait_closed()
            if code != 1012:
                raise Failure(f"a client was closed with {code}")
        self.sale.verify()
        print(f"soak: it stopped in {time.monotonic() - began:.1f} s")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waggle", required=True)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=PLANTS)
    options = parser.parse_args()
    options.waggle = os.path.abspath(options.waggle)
    # Whoever ends this ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="waggle-soak-") as folder:
        try:
            Soak(options, folder).go()
        except (Failure, OSError) as failure:
            print(f"soak: seed {options.seed}: FAIL {failure}", flush=True)
            if not isinstance(failure, Growth):
                with open(os.path.join(folder, "log"), "rb") as log:
                    sys.stderr.buffer.write(log.read()[-2000:])
            return 1
    print(f"soak: seed {options.seed}: nothing grows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
