"""What a soak reads of a server's process, and how much growth of it is too much."""

import collections
import os
import socket
import statistics
import threading
import time
import urllib.request

KIB = 1024
MIB = 1024 * KIB

# What a stored order may keep in memory, with all that belongs to it: facts, visits, events, pages of
# the database. The records are kept until they weigh 256 MiB, the pages up to 72 MiB.
BYTES_PER_ORDER = 32 * KIB
# What the heap may be larger for than what is in it, over a whole run.
SLACK = 12 * MIB
# The growth over a span in which nothing new was stored, in most phases: the heap itself moves by a
# megabyte or two either way, when buffers for slow readers come and go, but a leak is in every span.
QUIET_GROWTH = 384 * KIB
# SQLite's journal_size_limit, and one checkpoint more.
WAL_MAX = (64 + 16) * MIB
# So many seconds are a long run.
LONG = 300
# Waiting bytes of one client: the limit of a queue and the answer that crosses it.
QUEUED_PER_SLOW_READER = 2 * MIB


def open_files(pid):
    """What each open descriptor of a process is; one may be closed while this looks."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass
    return found


class Reading:
    """One look at the process."""

    def __init__(self, pid, url):
        fields = {}
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                name, _, value = line.partition(":")
                fields[name] = value.split()
        self.resident = int(fields["VmRSS"][0]) * KIB
        self.memory = int(fields["RssAnon"][0]) * KIB
        self.threads = int(fields["Threads"][0])
        self.open = open_files(pid)
        self.descriptors = len(self.open)
        with urllib.request.urlopen(url + "/metrics", timeout=20) as answer:
            self.figures = {
                name: float(value) for name, _, value in (
                    line.rpartition(" ") for line in answer.read().decode().splitlines()
                    if not line.startswith("#"))}

    def __getitem__(self, name):
        return int(self.figures["waggle_" + name])


class Control:
    """What this machine takes for a round trip on loopback and a synced write, without a server.

    Where this slows down, the neighbours are to blame.
    """

    def __init__(self, folder):
        self.file = open(os.path.join(folder, "control"), "wb", buffering=0)
        self.near, far = socket.socketpair()
        threading.Thread(target=self._echo, args=(far,), daemon=True).start()

    def _echo(self, far):
        while data := far.recv(64):
            far.sendall(data)

    def turn(self):
        self.near.sendall(b"round")
        self.near.recv(64)
        os.pwrite(self.file.fileno(), b"x" * 4096, 0)
        os.fdatasync(self.file.fileno())


class Stopwatch:
    """Durations of each kind of call, in the order of their phases."""

    def __init__(self):
        self.phases = []

    def begin_phase(self):
        self.phases.append({})

    def time(self, kind, work):
        began = time.monotonic()
        result = work()
        taken = time.monotonic() - began
        if self.phases:
            self.phases[-1].setdefault(kind, []).append(taken)
        return result

    def quantile(self, kind, part):
        """Of each phase, in seconds."""
        found = []
        for phase in self.phases:
            durations = sorted(phase.get(kind, []))
            if durations:
                found.append(durations[min(len(durations) - 1, int(len(durations) * part))])
        return found

    def kinds(self):
        return sorted({kind for phase in self.phases for kind in phase})


class Phase:
    """Readings around a span of mixed load, and around one in which nothing new is stored."""

    def __init__(self, before, stored, quiet, during, orders):
        self.before, self.stored, self.quiet = before, stored, quiet
        self.during, self.orders = during, orders

    def __str__(self):
        def change(after, before):
            return f"{(after.memory - before.memory) / KIB:+.0f} KiB"
        return (
            f"{self.quiet.memory / MIB:.1f} MiB, {change(self.stored, self.before)} with "
            f"{self.orders} orders, {change(self.quiet, self.stored)} without; "
            f"{statistics.median(reading.descriptors for reading in self.during):.0f} descriptors, "
            f"WAL {self.quiet['wal_bytes'] / MIB:.1f} MiB, "
            f"at most {max(r['queued_bytes'] for r in self.during) / MIB:.1f} MiB queued")


def thirds(values):
    """The medians of the first and of the last third: one odd phase is not a trend."""
    size = max(1, len(values) // 3)
    return statistics.median(values[:size]), statistics.median(values[-size:])


def above(what, found, most, unit=1, name=""):
    """A sentence, where something is above its limit."""
    if found > most:
        yield f"{what}: {found / unit:.1f} {name}, not at most {most / unit:.1f} {name}"


def of_memory(phases):
    """At equal state nothing grows; what is stored meanwhile may be kept, so much for each order."""
    orders = sum(phase.orders for phase in phases)
    yield from above(
        "memory grew while nothing new was stored, in three of four phases",
        sorted(p.quiet.memory - p.stored.memory for p in phases)[len(phases) // 4], QUIET_GROWTH,
        KIB, "KiB")
    yield from above(
        f"memory grew with {orders} orders stored",
        phases[-1].quiet.memory - phases[0].before.memory, SLACK + orders * BYTES_PER_ORDER,
        MIB, "MiB")


def of_standing(phases, slow_readers):
    """With as many clients as before there are as many descriptors and threads as before."""
    early, late = thirds([
        statistics.median(reading.descriptors for reading in phase.during) for phase in phases])
    yield from above("descriptors with the same clients", late, early + 12, name="open")
    readings = [reading for phase in phases for reading in phase.during]
    threads = {reading.threads for reading in readings}
    if len(threads) > 1:
        yield f"threads come and go: {sorted(threads)}"
    for name, most in (
        ("wal_bytes", WAL_MAX), ("queued_bytes", slow_readers * QUEUED_PER_SLOW_READER)
    ):
        yield from above(name, max(reading[name] for reading in readings), most, MIB, "MiB")
    for name in ("ledger_imbalance", "threads_stuck", "storage_failures_total"):
        worst = max((reading[name] for reading in readings), key=abs)
        if worst:
            yield f"{name} was {worst}"


def of_latency(watch, seconds):
    """A call takes about as long at the end as at the beginning, if this machine does.

    A phase of a short run has too few calls for its slowest hundredth to say much.
    """
    slowest = (0.99, 1, 0.04) if seconds >= LONG else (0.99, 4, 0.5)
    for part, factor, least in ((0.5, 1, 0.025), slowest):
        early, late = thirds(watch.quantile("control", part))
        excuse = 10 * max(0, late - early)
        for kind in watch.kinds():
            if kind == "control":
                continue
            early, late = thirds(watch.quantile(kind, part))
            yield from above(
                f"{kind}: what {part:.0%} of the calls take at the most", late,
                early + max(factor * early, least) + excuse, 0.001, "ms")


def of_leaving(baseline, last, orders):
    """With nobody there it is as it was with nobody there, but for what is stored."""
    for name in ("descriptors", "threads"):
        now, before = getattr(last, name), getattr(baseline, name)
        if now != before:
            yield f"{now} {name} with all clients gone, {before} before they came"
    if last.descriptors > baseline.descriptors:
        more = collections.Counter(last.open) - collections.Counter(baseline.open)
        yield "open are besides " + ", ".join(sorted(more)[:8])
    yield from above(
        f"memory with all clients gone and {orders} orders stored", last.memory - baseline.memory,
        SLACK + orders * BYTES_PER_ORDER, MIB, "MiB")
    for name in ("queued_bytes", "rooms_watched", "ledger_imbalance"):
        if last[name]:
            yield f"{name} is {last[name]} with all clients gone"
    if not last["slow_consumers_total"]:
        yield "nobody was closed for reading too slowly, though some do not read"
