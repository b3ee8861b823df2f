"""Resident anonymous memory per idle viewer who has joined: the growth of RssAnon from none to all."""

from peers import Floor, Nchan, NodeWS
from processes import anonymous_bytes
from shop import Product

VIEWERS = 19_000


def grow(contestant, figures, settled):
    settled(contestant)
    before = anonymous_bytes(contestant.pid)
    opened = contestant.load.open_viewers(contestant.port, contestant.viewers(VIEWERS, 1))
    settled(contestant)
    after = anonymous_bytes(contestant.pid)
    figures.add(f"memory {contestant.name} bytes", (after - before) / VIEWERS)
    figures.add(f"memory {contestant.name} opening ms", opened["milliseconds"])


def run(bench, figures):
    bench.say(f"memory: {VIEWERS} idle viewers")
    kinds = [kind for kind in (Nchan, NodeWS) if bench.has(kind, figures)]
    # Memory hardly differs from time to time; three rounds show whether it does.
    for _ in range(min(bench.rounds, 3)):
        product = Product(bench)
        try:
            product.set_up(people=False)
            grow(product, figures, lambda one: one.load.quiet(3000))
        finally:
            product.stop()
        for kind in [Floor] + kinds:
            peer = kind(bench)
            try:
                grow(peer, figures, lambda one: one.load.quiet(1000))
            finally:
                peer.stop()
    for name in ("waggle", "floor", "nchan", "node-ws"):
        figures.row(f"memory {name} bytes", "bytes/viewer", 0)
    figures.add("memory goal", 1024)
    figures.rounds["memory goal"] *= len(figures.rounds["memory waggle bytes"])
    figures.ratio("memory per viewer / 1 KiB", "memory waggle bytes", "memory goal", 1.0)
    for name in ("nchan", "node-ws"):
        figures.ratio(f"memory per viewer / {name}", "memory waggle bytes", f"memory {name} bytes")
