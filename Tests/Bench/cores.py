"""CPU per delivered frame with two loops against one: what a lock between loops would cost."""

from fanout import measure, pins, schedule
from shop import Product

VIEWERS = 5000


def run(bench, figures):
    bench.say(f"cores: {VIEWERS} viewers on one loop and on two")
    products = {}
    try:
        for loops in (1, 2):
            product = products[loops] = Product(bench, loops=loops)
            product.set_up(people=False, listed=2)
            product.load.open_viewers(product.port, product.viewers(VIEWERS, 1))
        for product in products.values():
            product.load.quiet(1500)
        plan = schedule(VIEWERS, 1, 125_000, bench.frames)
        for _ in range(bench.rounds):
            for loops, product in products.items():
                measure(bench, product, pins(product, plan), f"cores {loops}",
                        len(plan) * VIEWERS, figures)
    finally:
        for product in products.values():
            product.stop()
    for loops in products:
        figures.row(f"cores {loops} process µs/frame", "µs")
    figures.ratio("two loops / one", "cores 2 process µs/frame", "cores 1 process µs/frame", 1.05)
