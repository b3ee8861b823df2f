"""The visitors of a soak: people and programs of every kind, each a generator of single steps."""

import collections
import itertools
import json
import random
import socket as sockets
import threading
import time
import urllib.parse

from crash_shop import MEMBERS, ROOM, SHOP, Fact, Line, Process, expect
from crash_world import World
from soak_figures import MIB, Control, Stopwatch
from waggle import Backend, Failure, Socket, utc

# The server's own limit for a stop.
DRAIN_SECONDS = 5
# People who come back again and again; they are known after the warm-up.
GOERS = [f"g{index}" for index in range(16)]
FULL_ROOM = "full"
# A connection that says nothing has to be gone by then.
SILENT_SECONDS = 15
FAULTS = ["unknown_key", "algorithm_mismatch", "missing_claim", "expired", "malformed", "bad_signature"]


class PatientSocket(Socket):
    """Waits long for an answer: how long it took is judged later, beside what the machine took."""

    def answer(self, id, timeout=60):
        return super().answer(id, timeout)


class Sale(World):
    """A busy sale; every kind of visitor is a generator that does one thing at each step."""

    def __init__(self, options, service, folder, chance):
        # Visitors are on threads of their own; this guards what they share.
        self.guard = threading.Lock()
        self.threads, self.present, self.kept = [], [], set()
        self.stored = 0
        super().__init__(options, service, folder, chance)
        self.over, self.storing = threading.Event(), threading.Event()
        self.watch, self.control = Stopwatch(), Control(folder)
        self.delay = 0
        self.done = collections.Counter()

    def furnish(self):
        """A room more, whose listings are long to tell."""
        super().furnish()
        skus = [f"sku-{index}" for index in range(100)]
        rows = ["sku,product,supplier,title,price,cost,ratePpm,stock"]
        rows += [f"{sku},{sku},sup,{sku} {'茶' * 200},100,50,200000," for sku in skus]
        Line(self, SHOP).done("POST", "/v1/catalogue/import", text="\n".join(rows), type="text/csv")
        host = self.session("lin", "host")
        host.call("room.open", room=FULL_ROOM, title="Full")
        host.call("listing.add", room=FULL_ROOM, skus=skus)
        host.close()

    def session(self, person, scope, storefront=SHOP):
        socket = PatientSocket(self.url, f"{scope} {person}")
        socket.call("session.open", token=self.keys.token(person, storefront, scope))
        with self.guard:
            self.present = [one for one in self.present if one.closed is None] + [socket]
        return socket

    def send_away(self):
        """Closes whoever is still there, as far as is known."""
        for socket in self.present:
            if socket not in self.kept:
                socket.close()

    def start(self, point=None):
        return Process(
            [self.options.waggle, "serve", "--data", self.data, "--port", "0", "--guests",
             "--disk-free-mib", "0", "--drain-seconds", str(DRAIN_SECONDS)], self.log)

    def run(self, visitor, seconds, *arguments, stores=False):
        """Lets a visitor take a step about every so many seconds, to the end."""
        chance = random.Random(self.chance.getrandbits(64))

        def run():
            steps = visitor(chance, *arguments)
            try:
                while not self.over.wait(chance.uniform(0.5, 1.5) * seconds):
                    if not stores or self.storing.is_set():
                        next(steps)
                        self.done[visitor.__name__] += 1
            except Exception as error:
                self.faults.append(f"{visitor.__name__}: {error!r}")
            finally:
                steps.close()
        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def count_order(self):
        with self.guard:
            self.stored += 1

    def timed(self, kind, work):
        def late():
            time.sleep(self.delay)
            return work()
        return self.watch.time(kind, late)

    # Who stores

    def reporting(self, chance, name, storefront):
        line = Line(self, storefront)
        for number in itertools.count():
            if storefront == SHOP and number % 20 == 9:
                line.done("POST", "/v1/releases", {})
                line.done("POST", "/v1/statements", {"statement": f"s{name}-{number}"})
            for fact in self.reports(chance, storefront, f"{name}-{number}"):
                if fact.path == "/v1/orders":
                    self.count_order()
                    taken = self.timed("order acknowledged", lambda: self.post(line, fact))
                else:
                    taken = self.post(line, fact)
                if taken is None:
                    raise Failure("the server does not answer")
                yield

    def hosting(self, chance):
        """Rooms open and end; promoters bring viewers, who buy."""
        host = self.session("lin", "host")
        promoter = self.session("chen", "promoter")
        for number in itertools.count():
            room = f"room-{number}"
            host.call("room.open", room=room, title="茶", pactPpm=200_000)
            host.call("listing.add", room=room, skus=["tea", "cup"])
            host.call("listing.pin", room=room, sku="tea")
            host.call("listing.pin", room=ROOM, sku=chance.choice([None, "tea", "pot"]))
            link = promoter.call("link.create", room=room, validSeconds=600)
            promoter.call("ticker.subscribe", ticker="earnings", room=room)
            yield
            self.land(link["path"])
            viewer = self.session(f"w{number}", "viewer")
            joined = viewer.call("room.join", room=room, link=link["text"])
            expect("the touch", joined["touch"]["accepted"], True)
            self.count_order()
            viewer.call("order.place", key="k", room=room, sku="tea", units=1)
            self.facts.append(Fact(SHOP, None, None, "order.placed"))
            yield
            host.call("listing.remove", room=room, sku="cup")
            promoter.call("ticker.unsubscribe", ticker="earnings", room=room)
            host.call("room.end", room=room)
            viewer.close()
            for socket in (host, promoter):
                socket.lossless.clear()
                socket.conflated.clear()
            yield

    # Who stores nothing

    def land(self, path):
        status, headers, _ = self.timed(
            "link landed", lambda: Backend(self.url).request("GET", path))
        expect("the landing", status, 302)
        return headers

    def landing(self, chance):
        link = self.session("dong", "promoter").call("link.create", room=ROOM)
        while True:
            self.land(link["path"])
            yield

    def coming_and_going(self, chance):
        while True:
            viewer = chance.choice(GOERS)
            socket = self.session(viewer, "viewer")
            joined = self.timed("room joined", lambda: socket.call("room.join", room=ROOM))
            yield
            if chance.random() < 0.5:
                socket.call("room.leave", room=ROOM)
            self.leave(socket, chance)
            since = {"epoch": joined["epoch"], "offset": joined["offset"]}
            socket = self.session(viewer, "viewer")
            again = socket.call("room.join", room=ROOM, since=since)
            expect("recovered", again["recovered"], True)
            told = [event["offset"] for event in again["events"]]
            expect("what was missed", told, list(range(since["offset"] + 1, again["offset"] + 1)))
            yield
            self.leave(socket, chance)

    def leave(self, socket, chance):
        if self.options.plant == "descriptors" and chance.random() < 0.2:
            self.kept.add(socket)
        elif chance.random() < 0.5:
            socket.close()
        else:
            # Gone without a word.
            socket.socket.socket.shutdown(sockets.SHUT_RDWR)

    def sitting(self, chance):
        """Those who stay, and hear every event once and in order."""
        seats = []
        for index in range(self.options.viewers):
            socket = self.session(f"seat{index}", "viewer")
            seats.append([socket, socket.call("room.join", room=ROOM)["offset"]])
        for member in MEMBERS:
            socket = self.session(member, "promoter")
            for ticker in ({"room": ROOM}, {}):
                socket.call("ticker.subscribe", ticker="earnings", **ticker)
            seats.append([socket, 0])
        while True:
            for seat in seats:
                socket, offset = seat
                with socket.changed:
                    events, socket.lossless = socket.lossless, []
                    socket.conflated.clear()
                for event in events:
                    offset += 1
                    expect("the next event", event["params"]["offset"], offset)
                seat[1] = offset
            yield

    def asking(self, chance):
        """Plain HTTP on a kept connection: questions, and reports that are known already."""
        line = Line(self, SHOP)
        for path in itertools.cycle(["/v1/ledger", f"/v1/rooms/{ROOM}", "/v1/storefront", "repeat"]):
            known = [fact for fact in self.fresh[-400:] if fact.answer and fact.storefront == SHOP]
            if path != "repeat":
                line.done("GET", path)
            elif known:
                fact = chance.choice(known)
                status, repeated, _ = line.request("POST", fact.path, fact.body)
                expect("a known report", (status, repeated), (200, True))
            yield

    def measuring(self, chance):
        socket = self.session("meter", "viewer")
        socket.call("room.join", room=ROOM)
        while True:
            self.watch.time("control", self.control.turn)
            self.timed("question answered", lambda: socket.call("listing.list", room=ROOM))
            self.timed("ping answered", lambda: socket.socket.ping().wait(10))
            socket.lossless.clear()
            socket.conflated.clear()
            yield

    def misbehaving(self, chance):
        """What must be refused, and leave nothing behind."""
        backend = Backend(self.url)
        while True:
            token = self.keys.token("desk", SHOP, "backend", fault=chance.choice(FAULTS))
            expect("a wrong token", backend.request("GET", "/v1/ledger", token)[0], 401)
            yield
            good = self.keys.token("desk", SHOP, "operator backend")
            expect("no JSON", backend.request("POST", "/v1/orders", good, text="{")[0], 400)
            # Whether the answer is read before the connection breaks is the kernel's.
            try:
                backend.request("POST", "/v1/orders", good, text="x" * (2 * MIB))
            except OSError:
                pass
            yield
            socket = self.session(chance.choice(GOERS), "viewer")
            socket.refusal("room.join", room="nowhere")
            socket.refusal("room.open", room="mine")
            socket.refusal("no.such.method")
            socket.socket.send("no JSON")
            socket.close()
            yield
            socket = Socket(self.url)
            socket.refusal("session.open", token=self.keys.token(
                "x", SHOP, "host", fault=chance.choice(FAULTS)))
            socket.close()
            yield
            with self.raw() as rubbish:
                rubbish.sendall(chance.randbytes(200) + b"\r\n\r\n")
            yield

    def raw(self):
        parts = urllib.parse.urlsplit(self.url)
        return sockets.create_connection((parts.hostname, parts.port), 10)

    def saying_nothing(self, chance):
        """Connections that begin and do not go on; the server has to end them."""
        silent = collections.deque()
        try:
            while True:
                connection = self.raw()
                connection.sendall(chance.choice([
                    b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /v1/orders HTTP/1.1\r\nContent-"]))
                silent.append((time.monotonic(), connection))
                while silent and silent[0][0] < time.monotonic() - SILENT_SECONDS:
                    with silent.popleft()[1] as old:
                        old.settimeout(5)
                        while old.recv(4096):
                            pass
                yield
        finally:
            for _, connection in silent:
                connection.close()

    def not_reading(self, chance):
        """Asks for much and reads nothing, until the server has had enough."""
        from websockets.exceptions import ConnectionClosed
        from websockets.sync.client import connect

        while True:
            plain = sockets.socket()
            plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
            parts = urllib.parse.urlsplit(self.url)
            plain.connect((parts.hostname, parts.port))
            slow = connect(
                f"ws://{parts.netloc}/v1/socket", sock=plain, subprotocols=["waggle.v1"],
                max_queue=1, compression=None, ping_interval=None, close_timeout=0.1)
            call = lambda id, method, **params: slow.send(json.dumps(
                {"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            try:
                call(0, "session.open", token=self.keys.token(
                    chance.choice(GOERS), SHOP, "viewer"))
                for number in range(150):
                    call(number + 1, "listing.list", room=FULL_ROOM, limit=100)
                    if number % 50 == 49:
                        yield
            except (OSError, ConnectionClosed):
                pass
            finally:
                plain.close()
            yield

    def hiding(self, chance):
        """The planted growth of memory: large orders that the driver does not tell of."""
        line = Line(self, SHOP)
        for number in itertools.count():
            line.done("POST", "/v1/orders", {
                "order": f"hidden-{number}", "buyer": "hidden", "room": ROOM,
                "placedAt": utc(time.time()),
                "lines": [{"sku": "tea", "units": 1, "paid": 1}] * 400})
            yield
