"""Latency under both loads at once, and under each alone.

Orders are sent by a schedule, 1,000 a second, and count from the moment at which each was due: a server
that stands still is charged for all that had to wait. A host for each room watches the room's ticker;
an order has been seen when a figure came that reflects its ledger sequence (figures are sent at most four
times a second, so a quarter of a second belongs to it). Of 10,000 viewers 9,000 watch a ticker, and 1,000 are
in the rooms and get every order's events: in the rooms all of them would be 400,000 frames a second, since a
room's events leave every 25 ms, which two cores shared with the client cannot send or take.
"""

import json
import time

from processes import Feed, call
from shop import ROOMS, Product

VIEWERS = 10_000
RATE = 1000
LANES = 100


def order_feed(product, mode, seconds):
    """Orders by schedule; lane n carries those of room n mod 20, so that lanes have one host each."""
    feed = Feed()
    for number in range(RATE * seconds):
        lane = number % LANES
        order, payment = product.order(room=lane % ROOMS)
        due = number * 1_000_000 // RATE
        if mode == "calls":
            # The payment takes the same connection, so that it comes after the order.
            feed.post(lane, "/v1/orders", order, product.staff, due)
            feed.post(lane, f"/v1/orders/{order['order']}/payment", payment, product.staff, due)
        else:
            feed.post(lane, "/v1/orders", order | payment, product.staff, due)
    return feed


def watchers(product, count, noted):
    """Who watch the ticker of a room: its hosts, one for each lane of orders, where it is noted, and staff,
    each a person of their own, where there are more than a host may have sessions."""
    lines = []
    for number in range(count):
        room = number % ROOMS
        token = (product.token(f"host-{room}", "host") if noted
                 else product.token(f"desk-{number}", "operator"))
        lines.append("\t".join([
            "/v1/socket", "waggle.v1", str(number) if noted else "-",
            json.dumps(call(1, "session.open", token=token)),
            json.dumps(call(2, "ticker.subscribe", ticker="room", room=f"room-{room}"))]))
    return lines


def mean(before, after, name):
    """Milliseconds of what a histogram counted between two looks at /metrics."""
    count = after[f"{name}_count"] - before[f"{name}_count"]
    return (after[f"{name}_sum"] - before[f"{name}_sum"]) * 1000 / max(1, count)


def play(product, feed, figures, name):
    """Plays orders and keeps what came of them; waits for the last figures."""
    metrics = product.metrics()
    found = product.load.play(product.port, feed, 0, watch=True)
    after = product.metrics()
    figures.add(f"{name} orders/s", len(feed.records) / (2 if "calls" in name else 1) /
                (found["microseconds"] / 1e6))
    figures.add(f"{name} commit ms", mean(metrics, after, "waggle_commit_seconds"))
    figures.add(f"{name} fan-out ms", mean(metrics, after, "waggle_fanout_seconds"))
    for part in ("p50", "p99", "max"):
        figures.add(f"{name} acknowledged {part} ms", found["latency"][part] / 1000)
        if found["figures"]["count"]:
            figures.add(f"{name} ticker {part} ms", found["figures"][part] / 1000)
    figures.add(f"{name} figures missing", found["figuresMissing"])


def pins(product, seconds, every):
    feed = Feed()
    feed.open_socket(0, product.staff)
    for number in range(seconds * 1_000_000 // every):
        feed.call(0, call(1, "listing.pin", room=f"room-{number % ROOMS}",
                          sku=f"sku-{number // ROOMS % 2}"), number * every)
    return feed


def run(bench, figures):
    seconds = 3 if bench.quick else 10
    viewers = 2000 if bench.quick else VIEWERS
    bench.say(f"latency: {RATE} orders a second, {viewers} viewers")
    from settlement import known_modes

    product = Product(bench)
    try:
        product.set_up()
        mode = "paid" if "paid" in known_modes(product) else "calls"
        if mode == "calls":
            figures.note("latency: each order is two calls; both count, from the order's due moment")
        product.load.open_viewers(product.port, watchers(product, LANES, True))
        product.load.quiet(1500)
        play(product, order_feed(product, mode, seconds), figures, f"alone {mode}")
        product.load.quiet(1000)
        product.load.open_viewers(
            product.port, watchers(product, viewers - viewers // 10, False)
            + product.viewers(viewers // 10, ROOMS))
        product.load.quiet(1500, 10_000)
        before = product.metrics()
        found = product.load.play(product.port, pins(product, seconds, 10_000))
        figures.add("fan-out alone pin acknowledged p99 ms", found["latency"]["p99"] / 1000)
        figures.add("fan-out alone fan-out ms",
                    mean(before, product.metrics(), "waggle_fanout_seconds"))
        product.load.quiet(1500, 10_000)
        product.load.ask("reset")
        begun = time.monotonic()
        play(product, order_feed(product, mode, seconds), figures, f"both {mode}")
        figures.add("both frames/s", product.load.quiet()["frames"] / (time.monotonic() - begun))
    finally:
        product.stop()
    for load in ("alone", "both"):
        figures.row(f"{load} {mode} orders/s", "orders/s", 0)
        figures.row(f"{load} {mode} commit ms", "ms", 2)
        figures.row(f"{load} {mode} fan-out ms", "ms", 3)
        for what in ("acknowledged", "ticker"):
            for part in ("p50", "p99"):
                figures.row(f"{load} {mode} {what} {part} ms", "ms", 1)
    figures.row("fan-out alone pin acknowledged p99 ms", "ms", 1)
    figures.row("fan-out alone fan-out ms", "ms", 3)
    figures.row("both frames/s", "frames/s", 0)
