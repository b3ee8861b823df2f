"""Instructions of the hot paths, counted by callgrind, against what they may be at the most.

Time is too noisy on a machine that others use; the count of instructions is the same for the same program
and input, whatever else runs. Counted is the server's own code, not the kernel's. The bounds stand in
instructions.json, some tenths above what was counted when they were set: a change that makes a path dearer
has to say so there.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import types

from fanout import pins
from processes import Feed
from shop import ROOMS, Product

VIEWERS, EVENTS, ORDERS, WARM, BATCH = 100, 40, 400, 100, 50
DECIDED = 1000


class Counted:
    """A server under callgrind, which counts only while it is told to."""

    def __init__(self, waggle, load, folder):
        self.out = os.path.join(folder, "callgrind.out")
        wrapper = os.path.join(folder, "waggle")
        with open(wrapper, "w") as file:
            file.write(
                "#!/bin/sh\nexec valgrind --tool=callgrind --instr-atstart=no --log-file=/dev/null"
                f" --callgrind-out-file='{self.out}' '{waggle}' \"$@\"\n")
        os.chmod(wrapper, 0o755)
        self.product = Product(
            types.SimpleNamespace(folder=folder, waggle=wrapper, load=load, quick=True, say=print))

    def control(self, *arguments):
        subprocess.run(
            ["callgrind_control", *arguments, str(self.product.pid)], check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def count(self, play):
        """Instructions while something is played."""
        for old in glob.glob(self.out + ".*"):
            os.remove(old)
        self.control("-z")
        self.control("-i", "on")
        play()
        self.control("-i", "off")
        self.control("-d")
        total = 0
        for path in glob.glob(self.out + ".*"):
            with open(path) as file:
                for line in file:
                    if line.startswith("totals:"):
                        total += int(line.split()[1])
        if total == 0:
            sys.exit("instructions: callgrind counted nothing")
        return total


def reports(product, count):
    feed = Feed()
    for first in range(0, count, BATCH):
        batch = []
        for _ in range(BATCH):
            order, payment = product.order()
            batch.append({"report": "order"} | order | payment)
        feed.post(0, "/v1/reports", {"reports": batch}, product.staff)
    return feed


def decided(deciding, folder):
    """Instructions of the core alone for one paid order, without a server, a store or a socket."""
    out = os.path.join(folder, "deciding.out")
    subprocess.run(
        ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*decideBatch*",
         "--log-file=/dev/null", f"--callgrind-out-file={out}", deciding, str(DECIDED)],
        check=True, stdout=subprocess.DEVNULL)
    with open(out) as file:
        total = next(int(line.split()[1]) for line in file if line.startswith("totals:"))
    if total == 0:
        sys.exit("instructions: callgrind counted no decision")
    return total // DECIDED


def counted(waggle, load, folder):
    found = {}
    server = Counted(waggle, load, folder)
    product = server.product
    try:
        product.set_up()
        product.load.play(product.port, reports(product, WARM), 1)
        feed = reports(product, ORDERS)
        found["order, placed and paid"] = server.count(
            lambda: product.load.play(product.port, feed, 1)) // ORDERS
        product.load.open_viewers(product.port, product.viewers(VIEWERS, 1))
        product.load.quiet(2500)
        product.load.play(product.port, pins(product, [(50_000 * n, 0) for n in range(4)]))
        product.load.quiet()
        product.load.ask("reset")
        plan = [(20_000 + 60_000 * n, 0) for n in range(EVENTS)]
        feed = pins(product, plan)
        spent = server.count(lambda: (product.load.play(product.port, feed), product.load.quiet()))
        frames = product.load.quiet()["frames"]
        if frames < EVENTS * VIEWERS * 0.9:
            sys.exit(f"instructions: {frames} frames where {EVENTS * VIEWERS} were expected")
        found[f"frame to one of {VIEWERS}, its share of the event included"] = spent // frames
    finally:
        product.stop()
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--waggle", required=True)
    options.add_argument("--load", required=True)
    options.add_argument("--deciding", required=True)
    options.add_argument("--bounds", required=True)
    options = options.parse_args()
    with open(options.bounds) as file:
        bounds = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        found = counted(os.path.abspath(options.waggle), os.path.abspath(options.load), folder)
        found["order, decided in the core"] = decided(os.path.abspath(options.deciding), folder)
    status = 0
    for name, spent in found.items():
        bound = bounds[name]
        holds = spent <= bound
        status |= not holds
        print(f"instructions: {name}: {spent:,} of {bound:,} at the most: "
              + ("holds" if holds else "MORE THAN ALLOWED"))
    sys.exit(status)


if __name__ == "__main__":
    main()
