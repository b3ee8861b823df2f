"""CPU per order as orders accumulate: a window at 10,000 and one at the end, in the same database."""

from settlement import known_modes, settle
from shop import Product

MEMBERS = 100_000


def marks(bench):
    """How many orders there are before each window."""
    if bench.quick:
        return [1000, 5000]
    return [10_000, 30_000, 100_000] + ([300_000, 1_000_000] if bench.long else [])


def more_members(product, count):
    """Members by the hundred thousand, which only the start has to care for."""
    from processes import Feed
    from shop import utc
    import time

    joined = utc(time.time() - 86_400)
    for first in range(0, count, 10_000):
        feed = Feed()
        for number in range(first, min(count, first + 10_000)):
            feed.post(number % 16, "/v1/members",
                      {"member": f"member-{number}", "joinedAt": joined}, product.staff)
        product.load.play(product.port, feed, 16)


def run(bench, figures):
    places = marks(bench)
    window = places[0] // 5
    bench.say(f"scale: up to {places[-1]} orders")
    product = Product(bench)
    done = False
    try:
        product.set_up()
        mode = known_modes(product)[-1]
        if bench.long:
            more_members(product, MEMBERS)
        for place in places:
            while product.next_order < place:
                settle(product, mode, min(20_000, place - product.next_order))
            for _ in range(3):
                found = settle(product, mode, window)
                figures.add(f"scale at {place} µs", found["process"])
                figures.add(f"scale at {place} rate", found["rate"])
        done = True
    finally:
        # The part `start` begins with this database.
        product.stop(keep=done)
        bench.scaled = product.directory if done else None
        bench.scaled_orders = product.next_order
    for place in places:
        figures.row(f"scale at {place} µs", "µs CPU/order", 1)
    for place in places[1:]:
        figures.ratio(f"cost at {place} / at {places[0]}", f"scale at {place} µs",
                      f"scale at {places[0]} µs", 1.2)
