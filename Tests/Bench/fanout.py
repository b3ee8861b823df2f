"""CPU per delivered frame: the product's whole path beside a bare send() loop, nchan, and node-ws.

All contestants of a shape run at once with all their viewers connected, and take turns: idle ones cost
nothing. Events are so far apart that each leaves in a frame of its own; the second series of the product
comes in bursts of eight.
"""

from peers import Floor, Nchan, NodeWS
from processes import Feed, call
from shop import ROOMS, Product

# Viewers, rooms, microseconds from one event to the next. A process may open 20,000 descriptors, so that a
# thousand rooms of twenty are 950.
SHAPES = {
    "1000": (1000, 1, 50_000), "5000": (5000, 1, 125_000), "19000": (19_000, 1, 475_000),
    "950x20": (19_000, 950, 400), "950x20-slow": (19_000, 950, 2000)}
BURST = 8
# Connections that events come on where there are many rooms; a connection may have 64 calls unanswered.
LANES = 8


def schedule(viewers, rooms, apart, frames):
    """When an event goes to which room: in each slower than anybody's delivery of the one before."""
    count = max(6, frames // (viewers // rooms))
    return [(20_000 + number * apart, number % rooms) for number in range(count)]


def pins(product, plan, burst=1, lanes=1):
    """The product's host (here: its operator) pins one product after another."""
    feed = Feed()
    for lane in range(lanes):
        feed.open_socket(lane, product.staff)
    for number, (due, room) in enumerate(plan):
        calls = []
        for place in range(burst):
            # The other product each time: pinning what is pinned would tell nobody anything.
            pinned = product.pinned[room] = 1 - product.pinned.get(room, 0)
            calls.append(
                call(place + 1, "listing.pin", room=f"room-{room}", sku=f"sku-{pinned}"))
        feed.call(number % lanes, calls if burst > 1 else calls[0], due)
    return feed


def orders(product, plan, lanes=1):
    feed = Feed()
    for number, (due, room) in enumerate(plan):
        fields, _ = product.order(room=room)
        fields["lines"][0].update(sku=f"sku-{product.next_order % 2}")
        feed.post(number % lanes, "/v1/orders", fields, product.staff, due)
    return feed


def measure(bench, contestant, feed, prefix, events, figures, burst=1):
    """Plays a feed and keeps CPU per delivered frame and per delivered event."""
    load = contestant.load
    load.ask("reset")
    before = contestant.cpu()
    played = load.play(contestant.port, feed, may_refuse=True)
    if played["refused"]:
        figures.note(f"{prefix}: {played['refused']} events were refused: {played['complaint'][:200]}")
    tally = load.quiet()
    after = contestant.cpu()
    delivered = max(1, tally["frames"])
    for key in after:
        spent = (after[key] - before[key]) / 1000
        figures.add(f"{prefix} {key} µs/frame", spent / delivered)
        figures.add(f"{prefix} {key} µs/event", spent / max(1, tally["events"]))
    figures.add(f"{prefix} frames", tally["frames"])
    figures.add(f"{prefix} events", tally["events"])
    figures.add(f"{prefix} bytes/frame", tally["bytes"] / delivered)
    # Keeping viewers alive goes on meanwhile, and is in the product's figures alone.
    figures.add(f"{prefix} pings", tally["pings"])
    if burst == 1 and tally["frames"] < 0.9 * events:
        figures.note(f"{prefix}: events came together in one frame; the machine was too busy")
    if tally["events"] < events:
        figures.note(f"{prefix}: {tally['events']} of {events} events were delivered")


def run_shape(bench, shape, viewers, rooms, apart, figures):
    lanes = 1 if rooms == 1 else LANES
    product = Product(bench)
    contestants = [product]
    try:
        product.set_up(rooms=max(rooms, ROOMS), people=False, listed=2)
        for kind in (Floor, Nchan, NodeWS):
            if kind is Floor or bench.has(kind, figures):
                contestants.append(kind(bench))
        for contestant in contestants:
            opened = contestant.load.open_viewers(
                contestant.port, contestant.viewers(viewers, rooms))
            figures.add(f"{shape} {contestant.name} opening ms", opened["milliseconds"])
        for contestant in contestants:
            contestant.load.quiet(1500)
        members = viewers // rooms
        plan = schedule(viewers, rooms, apart, bench.frames)
        bursts = schedule(viewers, rooms, apart * (2 if rooms == 1 else 6), bench.frames // 4)
        product.load.ask("reset")
        product.load.play(product.port, pins(product, plan[:4]))
        tally = product.load.quiet()
        payload = payload_of(tally["bytes"] // max(1, tally["frames"]))
        for _ in range(bench.rounds):
            measure(bench, product, pins(product, plan, lanes=lanes), f"{shape} waggle pin",
                    len(plan) * members, figures)
            measure(bench, product, orders(product, plan, lanes), f"{shape} waggle order",
                    len(plan) * members, figures)
            for peer in contestants[1:]:
                measure(bench, peer, peer.events(plan, payload, lanes), f"{shape} {peer.name}",
                        len(plan) * members, figures)
            measure(bench, product, pins(product, bursts, BURST, lanes), f"{shape} waggle burst",
                    len(bursts) * members * BURST, figures, BURST)
    finally:
        for contestant in contestants:
            contestant.stop()


def payload_of(length):
    """A room event of so many bytes."""
    text = ('{"jsonrpc":"2.0","method":"room.event","params":{"room":"room-0","epoch":0,"offset":1,'
            '"at":"2026-01-01T00:00:00.000Z","kind":"listing.pinned","sku":""}}')
    return text.replace('"sku":"', '"sku":"' + "s" * max(0, length - len(text))).encode()


def report(shape, figures):
    for name in ("waggle pin", "waggle order", "waggle burst", "floor", "nchan", "node-ws"):
        figures.row(f"{shape} {name} process µs/frame", "µs")
    figures.row(f"{shape} waggle pin loops µs/frame", "µs")
    for kind in ("pin", "order"):
        ours = f"{shape} waggle {kind} process µs/frame"
        figures.ratio(f"{shape} {kind} / floor", ours, f"{shape} floor process µs/frame", 1.10)
        figures.ratio(f"{shape} {kind} / nchan", ours, f"{shape} nchan process µs/frame", 0.85)
        figures.ratio(f"{shape} {kind} / node-ws", ours, f"{shape} node-ws process µs/frame")
    figures.ratio(f"{shape} burst of 8 / single, per event", f"{shape} waggle burst process µs/event",
                  f"{shape} waggle pin process µs/event", 0.20)


def run(bench, figures):
    for shape, (viewers, rooms, apart) in SHAPES.items():
        if bench.shapes and shape not in bench.shapes:
            continue
        bench.say(f"fan-out: {viewers} viewers in {rooms} room(s), an event every {apart / 1000} ms")
        run_shape(bench, shape, viewers, rooms, apart, figures)
        report(shape, figures)
