"""Durable orders a second: the product through HTTP, PostgreSQL by a stored procedure, SQLite alone.

The product's way is one of three: `calls` (POST /v1/orders, then its payment), `paid` (the payment in the
order's own body), `reports` (batches of both at POST /v1/reports). All that the server knows are measured.
"""

import os
import subprocess

from postgres import CLIENTS, Postgres
from processes import Failure, Feed
from shop import Product

CONNECTIONS = 16
BATCH = 100


def feed_of(product, mode, count):
    """The requests that report so many paid orders, spread over the connections."""
    feed = Feed()
    reports = []
    for number in range(count):
        order, payment = product.order()
        lane = number % CONNECTIONS
        if mode == "calls":
            feed.post(lane, "/v1/orders", order, product.staff)
            feed.post(lane, f"/v1/orders/{order['order']}/payment", payment, product.staff)
        elif mode == "paid":
            feed.post(lane, "/v1/orders", order | payment, product.staff)
        else:
            reports.append({"report": "order"} | order)
            reports.append({"report": "payment", "order": order["order"]} | payment)
            if len(reports) == 2 * BATCH or number == count - 1:
                feed.post(number // BATCH % CONNECTIONS, "/v1/reports", {"reports": reports},
                          product.staff)
                reports = []
    return feed


def known_modes(product):
    """Which of the ways this server knows: a way that it does not know, it refuses."""
    known = ["calls"]
    for mode in ("paid", "reports"):
        played = product.load.play(product.port, feed_of(product, mode, 1), 1, may_refuse=True)
        if not played["refused"]:
            known.append(mode)
    return known


def settle(product, mode, count, depth=16):
    """Orders a second, microseconds of CPU per order, orders per commit."""
    feed = feed_of(product, mode, count)
    before, metrics = product.cpu(), product.metrics()
    played = product.load.play(product.port, feed, depth)
    after, metrics_after = product.cpu(), product.metrics()
    commits = metrics_after["waggle_commits_total"] - metrics["waggle_commits_total"]
    commit_seconds = metrics_after["waggle_commit_seconds_sum"] - metrics["waggle_commit_seconds_sum"]
    found = {"rate": count / (played["microseconds"] / 1e6), "perCommit": count / max(1, commits),
             "commitMs": commit_seconds * 1000 / max(1, commits), "commits": commits}
    for key in after:
        found[key] = (after[key] - before[key]) / 1000 / count
    return found


def checked(product, count):
    """That every order was booked: the ledger adds up, and there are as many orders as were reported."""
    _, text = product.request("GET", "/v1/storefront")
    if f'"orders":{count}' not in text.decode():
        raise Failure(f"{count} orders were reported, the storefront says {text.decode()[:400]}")


def raw_sqlite(bench, directory, batches, orders):
    target = os.path.join(directory, "raw.sqlite3")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(target + end):
            os.remove(target + end)
    source = next(os.path.join(directory, name) for name in sorted(os.listdir(directory))
                  if name.endswith((".sqlite3", ".sqlite", ".db")) and not name.startswith("raw"))
    done = subprocess.run(
        [bench.program("rawsqlite"), source, target, str(batches)], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr)
    wall, cpu, rows = (int(word) for word in done.stdout.split())
    return orders / (wall / 1e9), cpu / 1000 / orders, rows / orders


def round_of_product(bench, figures, count, modes):
    for mode in modes:
        product = Product(bench)
        try:
            product.set_up()
            found = settle(product, mode, count)
            checked(product, count)
            for key, value in found.items():
                figures.add(f"settle {mode} {key}", value)
            product.process.stop()
            rate, cpu, rows = raw_sqlite(bench, product.directory, found["commits"], count)
            figures.add(f"settle {mode} raw rate", rate)
            figures.add(f"settle {mode} raw µs", cpu)
            figures.add(f"settle {mode} rows/order", rows)
        finally:
            product.stop()


def run(bench, figures):
    count = 4000 if bench.quick else 20_000
    seconds = 3 if bench.quick else 8
    bench.say(f"settlement: {count} orders")
    probe = Product(bench)
    try:
        probe.set_up()
        modes = known_modes(probe)
    finally:
        probe.stop()
    for mode in ("paid", "reports"):
        if mode not in modes:
            figures.note(f"settlement: this server does not know the way `{mode}`")
    postgres = Postgres(bench) if bench.has(Postgres, figures) else None
    best = {}
    try:
        if postgres:
            for procedure in ("settle", "settle_plain"):
                for clients in CLIENTS:
                    rate, _ = postgres.settle(procedure, clients, seconds)
                    figures.add(f"{procedure} {clients} clients rate", rate)
                best[procedure] = max(
                    CLIENTS, key=lambda n: figures.median(f"{procedure} {n} clients rate"))
                figures.note(f"{procedure}: {best[procedure]} pgbench clients were the fastest")
        for _ in range(bench.rounds):
            round_of_product(bench, figures, count, modes)
            for procedure, clients in best.items():
                rate, cpu = postgres.settle(procedure, clients, min(seconds, 5))
                figures.add(f"{procedure} rate", rate)
                figures.add(f"{procedure} µs", cpu)
    finally:
        if postgres:
            postgres.stop()
    report(figures, modes, best)


def report(figures, modes, best):
    for mode in modes:
        figures.row(f"settle {mode} rate", "orders/s", 0)
        figures.row(f"settle {mode} process", "µs CPU/order", 1)
        figures.row(f"settle {mode} writer", "µs CPU/order", 1)
        figures.row(f"settle {mode} perCommit", "orders/commit", 1)
        figures.row(f"settle {mode} commitMs", "ms/commit", 2)
        figures.row(f"settle {mode} raw rate", "orders/s", 0)
        figures.row(f"settle {mode} raw µs", "µs CPU/order", 1)
    for procedure in best:
        for clients in CLIENTS:
            figures.row(f"{procedure} {clients} clients rate", "orders/s", 0)
        figures.row(f"{procedure} rate", "orders/s", 0)
        figures.row(f"{procedure} µs", "µs CPU/order", 1)
    for mode in modes:
        # The goals are for the best way through the public API; the others are there to compare.
        is_best = mode == max(modes, key=lambda one: figures.median(f"settle {one} rate"))
        ours = f"settle {mode} rate"
        for above, name, goal in (("settle rate", "PostgreSQL", 8.0),
                                  ("settle_plain rate", "PostgreSQL without balances", 2.5),
                                  (f"settle {mode} raw rate", "raw SQLite", 0.25)):
            figures.ratio(f"{mode} / {name}", ours, above, goal if is_best else None, at_least=True)
        for above, name in (("settle µs", "PostgreSQL"), (f"settle {mode} raw µs", "raw SQLite")):
            figures.ratio(f"{mode} / {name}, CPU", f"settle {mode} process", above)
