"""From exec to ready, with the database that the part `scale` has left."""

import shutil

import scale
from shop import Product


def run(bench, figures):
    if not getattr(bench, "scaled", None):
        scale.run(bench, figures)
    bench.say(f"start with {bench.scaled_orders} orders")
    for _ in range(bench.rounds):
        product = Product(bench, directory=bench.scaled)
        figures.add("start seconds", product.ready_seconds)
        figures.add("start goal", 1.0)
        product.stop(keep=True)
    shutil.rmtree(bench.scaled, ignore_errors=True)
    figures.note(f"start: {bench.scaled_orders} orders are stored"
                 + ("" if bench.long else "; --long has 1,000,000 and 100,000 members"))
    figures.row("start seconds", "s", 3)
    figures.ratio("start / 1 s", "start seconds", "start goal", 1.0)
