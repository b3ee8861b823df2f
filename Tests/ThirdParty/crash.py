#!/usr/bin/env python3
"""Kills a server again and again, and looks at what is left; everything it knows comes from Protocol/.

usage: crash.py --waggle PROGRAM [--kills N] [--seed S] [--seconds T]

Each round: a mixed load over HTTP and WebSockets (orders, payments, deliveries, refunds, cancellations,
disputes, statements, touches, listings, pins, purchases of viewers, orders that a commission service
settles, revocations) until the process is gone: by kill -9 at a random moment, while it starts, or at a fail point
of its own (WAGGLE_FAILPOINT). Then a new process on the same directory, and:

- every report that was acknowledged gets the same answer again, marked as a repeat;
- one that was not is there or not, and can be reported, once;
- a subscriber resumes without gap or repeat, and its events are those of what is there, each once;
- pins and locks are the last acknowledged ones, or the one in flight; a lock is of whoever came first;
- an endpoint of webhooks was told of every transaction of the ledger, under its id, and of no other;
- whose token was revoked does not come in;
- the ledger sums to zero and to what buyers paid; nothing waits for ever; `waggle verify` agrees.

The seed decides what is done and where it ends; how far the load gets meanwhile is the machine's.
It also has to have been tried: over a long run every fail point was met, every kind of report was
acknowledged, and nothing was refused but for a reason that such a load gives.

Exit status: 0 everything holds, 1 something does not, 75 the time was over before all kills.
"""

import argparse
import base64
import collections
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from crash_witness import Endpoint, Revoked
from waggle import Failure, Keys, Socket, utc

POINTS = [
    "before-commit", "after-commit", "after-reply", "settlement-answered", "settlement-booked",
    "webhook-sent", "webhook-written"]
# Passed once a turn or an event, and not once a round.
RARE_POINTS = ("settlement", "webhook-written")
# What has to have been acknowledged in a long run, by the last part of a report's path.
KINDS = [
    "orders", "payment", "delivery", "refunds", "cancellation", "dispute", "resolution", "releases",
    "statements", "revocations", "touches", "pins", "purchases"]
# So many kills are a long run.
LONG = 60
# Why this load may be refused: there may be nothing to pay, or a release between two reports.
KNOWN_REFUSALS = {"nothing_to_pay", "already_released"}
SECRET = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
BOOKS = "whsec_" + base64.b64encode(bytes(32)).decode()
SHOP, DELEGATED = "shop", "delegated"
ROOM = "r1"
MEMBERS = ["lin", "chen", "dong", "mei"]
VIEWERS = [f"v{index}" for index in range(12)]
COUNTED = ["order.placed", "order.paid", "order.refunded", "order.cancelled"]


def expect(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: {json.dumps(found)[:600]}, not {json.dumps(wanted)[:600]}")


class Process:
    """A `waggle` process that was started here, and its address."""

    def __init__(self, arguments, log, **environment):
        self.child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            env={**os.environ, **environment})
        self.url = None

    def ready(self):
        """Waits until it listens; None where it ended before."""
        for line in self.child.stdout:
            if b" is ready on " in line:
                self.url = line.split(b" is ready on ")[1].decode().strip()
                return self.url
        self.child.wait()
        return None

    def end(self, number=signal.SIGKILL):
        if self.child.poll() is None:
            self.child.send_signal(number)
        self.child.wait()
        self.child.stdout.close()
        return self.child.returncode

    def ends_within(self, seconds):
        try:
            self.child.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False


class Fact:
    """A report, and the first answer to it, if there was one."""

    def __init__(self, storefront, path, body, event=None, paid=0):
        self.storefront, self.path, self.body = storefront, path, body
        self.event, self.paid = event, paid
        self.answer = None


class Line:
    """One kept HTTP connection of a storefront's backend."""

    def __init__(self, world, storefront, token=None):
        self.connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(world.url).netloc, timeout=20)
        self.headers = {
            "Authorization": "Bearer " + (
                token or world.keys.token("desk", storefront, "operator backend")),
            "Content-Type": "application/json"}

    def request(self, method, path, body=None, text=None, type=None):
        data = text.encode() if text else None if body is None else json.dumps(body).encode()
        headers = {**self.headers, **({"Content-Type": type} if type else {})}
        self.connection.request(method, path, data, headers)
        response = self.connection.getresponse()
        repeated = response.headers.get("Idempotent-Replayed") == "true"
        return response.status, repeated, json.loads(response.read())

    def done(self, method, path, body=None, **more):
        status, _, answer = self.request(method, path, body, **more)
        if status not in (200, 201):
            raise Failure(f"{method} {path}: {status} {answer}")
        return answer


class World:
    """A data directory, what was reported to it, and what was heard of it."""

    def __init__(self, options, service, folder, chance, endpoint=None):
        self.options, self.chance = options, chance
        self.data = tempfile.mkdtemp(dir=folder)
        self.log = open(os.path.join(folder, "log"), "ab")
        self.keys = Keys("own", SECRET)
        self.facts, self.fresh = [], []
        self.pins, self.pin_in_flight = [None], []
        self.pins_made = 0
        self.locks, self.touch_in_flight = {}, None
        self.revoked = Revoked()
        self.acknowledged = collections.Counter()
        self.witness = None
        self.purchases = {}
        self.epoch, self.offset, self.seen = None, 0, collections.Counter()
        # Where the follower was when the load began, and what it was told since.
        self.mark, self.heard = 0, []
        self.refusals = collections.Counter()
        self.answered = 0
        self.faults = []
        self.round = 0
        self.url = None
        secret = {"secret": SECRET}
        file = {
            "version": 1, "tokenKeys": [{"kid": "own", "algorithm": "HS256", **secret}],
            "linkKeys": [{"id": 1, **secret}],
            "commissionKeys": [
                {"id": "books", "secret": BOOKS, "url": service, "storefronts": [DELEGATED]}]}
        if endpoint:
            self.witness, entry = endpoint.open(SHOP, chance.getrandbits(64))
            file["webhooks"] = [entry]
        path = os.path.join(self.data, "keys.json")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump(file, out)
        server = self.start()
        server.ready() or self.give_up()
        self.url = server.url
        self.furnish()
        server.end()

    def start(self, point=None):
        environment = {"WAGGLE_FAILPOINT": point} if point else {}
        return Process(
            # A disk that is nearly full is not what is tried here, and the tried disk is small.
            [self.options.waggle, "serve", "--data", self.data, "--port", "0",
             "--disk-free-mib", "0"], self.log,
            **environment)

    def give_up(self):
        self.log.flush()
        with open(self.log.name, "rb") as log:
            raise Failure("the server does not start: " + log.read()[-400:].decode(errors="replace"))

    def verify(self):
        result = subprocess.run(
            [self.options.waggle, "verify", "--data", self.data], stdin=subprocess.DEVNULL,
            capture_output=True)
        if result.returncode != 0:
            raise Failure(f"verify: {result.returncode} {result.stdout + result.stderr}")

    def furnish(self):
        for storefront in (SHOP, DELEGATED):
            line = Line(self, storefront)
            settings = {"name": storefront, "plan": "fengxiang"}
            if storefront == DELEGATED:
                settings["settlement"] = "books"
            line.done("PUT", "/v1/storefront", settings)
            if storefront == SHOP:
                rows = "sku,product,supplier,title,price,cost,ratePpm,stock\n" + "".join(
                    f"{sku},{sku},sup,{sku},{price},{price // 2},{rate},\n"
                    for sku, price, rate in [
                        ("tea", 10_000, 200_000), ("cup", 3_333, 123_457), ("pot", 99_999, 400_000)])
                line.done("POST", "/v1/catalogue/import", text=rows, type="text/csv")
            for index, member in enumerate(MEMBERS):
                body = {"member": member, "joinedAt": "2026-01-01T00:00:00Z"}
                if index:
                    body["inviter"] = MEMBERS[index - 1]
                line.done("POST", "/v1/members", body)
            host = self.session("lin", "host", storefront)
            host.call("room.open", room=ROOM, title="Tea", pactPpm=300_000)
            host.call("listing.add", room=ROOM, skus=["tea", "cup", "pot"])
            host.close()

    def session(self, person, scope, storefront=SHOP):
        socket = Socket(self.url, f"{scope} {person}")
        socket.call("session.open", token=self.keys.token(person, storefront, scope))
        return socket

    # The load

    def post(self, line, fact):
        """Reports a fact; None where the server was gone before it answered."""
        self.fresh.append(fact)
        try:
            status, repeated, answer = line.request("POST", fact.path, fact.body)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        if status not in (200, 201):
            self.fresh.remove(fact)
            self.refusals[answer.get("code", status)] += 1
            if status >= 500:
                self.faults.append(f"{fact.path}: {status} {answer}")
            return False
        if repeated:
            self.faults.append(f"{fact.path} was a repeat at once")
        fact.answer = answer
        self.answered += 1
        self.acknowledged[fact.path.rsplit("/", 1)[-1]] += 1
        return True

    def reports(self, chance, storefront, order):
        """The reports about one order."""
        paid = chance.randrange(1, 50_000)
        days = chance.choice([0, 0, 20])
        at = lambda seconds: utc(time.time() - days * 86_400 - 60 + seconds)
        path = "/v1/orders/" + order
        body = {
            "order": order, "buyer": chance.choice(VIEWERS), "room": ROOM, "placedAt": at(0),
            "lines": [{"sku": chance.choice(["tea", "cup", "pot"]), "units": 1, "paid": paid}]}
        yield Fact(storefront, "/v1/orders", body, "order.placed")
        kind = chance.randrange(12)
        if kind == 0:
            yield Fact(storefront, path + "/cancellation", {"cancelledAt": at(1)}, "order.cancelled")
            return
        yield Fact(
            storefront, path + "/payment", {"payment": "p-" + order, "paidAt": at(1)}, "order.paid",
            paid)
        if kind in (1, 2):
            yield Fact(
                storefront, path + "/dispute", {"dispute": "q-" + order, "disputedAt": at(2)})
            yield Fact(
                storefront, path + "/resolution", {"dispute": "q-" + order, "resolvedAt": at(3)})
        if kind in (3, 4, 5, 6):
            yield Fact(
                storefront, path + "/delivery", {"delivery": "d-" + order, "deliveredAt": at(2)})
        if kind in (6, 7, 8) and paid > 2:
            part = chance.randrange(1, paid)
            yield Fact(
                storefront, path + "/refunds",
                {"refund": "f-" + order, "refundedAt": at(4), "lines": [{"line": 0, "amount": part}]},
                "order.refunded", -part)
            paid -= part
        if kind in (8, 9):
            yield Fact(
                storefront, path + "/refunds", {"refund": "g-" + order, "refundedAt": at(5)},
                "order.refunded", -paid)

    def reporter(self, index, storefront, chance):
        line = Line(self, storefront)
        for number in range(10_000):
            for fact in self.reports(chance, storefront, f"o{self.round}-{index}-{number}"):
                if self.post(line, fact) is None:
                    return
            if number % 9 == 4 and index == 0:
                statement = f"s{self.round}-{number}"
                for fact in [
                    Fact(storefront, "/v1/releases", {}),
                    Fact(storefront, "/v1/statements", {"statement": statement}),
                ]:
                    if self.post(line, fact) is None:
                        return

    def toucher(self, chance):
        line = Line(self, SHOP)
        while True:
            viewer = f"t{self.round}-{chance.randrange(40)}"
            promoter = chance.choice(MEMBERS[1:])
            self.touch_in_flight = (viewer, promoter)
            status, _, answer = line.request("POST", "/v1/touches", {
                "viewer": viewer, "promoter": promoter, "room": ROOM,
                "touchedAt": utc(time.time())})
            if status not in (200, 201):
                raise Failure(f"touch: {status} {answer}")
            self.touch_in_flight = None
            # Bound to whoever sent them first, and nobody else sends them.
            known = self.locks.setdefault(viewer, promoter)
            expect(f"the lock of {viewer}", answer["lockedTo"], known)
            expect(f"who brought {viewer}", answer["promoter"], promoter)
            self.acknowledged["touches"] += 1

    def revoker(self, chance):
        """Takes back the tokens of people who could come in just before."""
        line = Line(self, SHOP)
        for number in range(10_000):
            person = f"x{self.round}-{number}"
            tokens = [self.keys.token(person, SHOP, scope) for scope in ("backend", "viewer")]
            held = Line(self, SHOP, tokens[0])
            held.done("GET", "/v1/storefront")
            fact = Fact(SHOP, "/v1/revocations", {"revocation": "n-" + person, "person": person})
            if not self.post(line, fact):
                return
            self.revoked.tokens[person] = tokens
            status, _, answer = held.request("GET", "/v1/storefront")
            expect(f"{person} after the revocation", (status, answer["code"]), (401, "token_revoked"))
            held.connection.close()
            time.sleep(chance.uniform(0, 0.05))

    def host(self, chance):
        host = self.session("lin", "host")
        while True:
            sku = chance.choice([None, "tea", "pot"])
            self.pin_in_flight = [sku]
            host.call("listing.pin", room=ROOM, sku=sku)
            self.pin_in_flight = []
            self.pins.append(sku)
            self.acknowledged["pins"] += 1
            host.call("listing.remove", room=ROOM, sku="cup")
            host.call("listing.add", room=ROOM, skus=["cup"])

    def buyer(self, chance):
        viewer = chance.choice(VIEWERS)
        socket = self.session(viewer, "viewer")
        for number in range(10_000):
            key = f"k{self.round}-{number}"
            self.purchases[viewer, key] = None
            self.purchases[viewer, key] = socket.call("order.place", key=key, room=ROOM, sku="tea", units=1)
            self.acknowledged["purchases"] += 1

    def follow(self):
        """Comes back into the room; what was missed and what is pushed joins up."""
        follower = self.session("follower", "viewer")
        # From before what it knows: what was pushed has to be stored, too, and as it was pushed.
        since = {"since": {"epoch": self.epoch, "offset": self.mark}} if self.epoch else {}
        joined = follower.call("room.join", room=ROOM, **since)
        if self.epoch is None:
            self.epoch, self.offset, self.mark = joined["epoch"], joined["offset"], joined["offset"]
        expect("the epoch", joined["epoch"], self.epoch)
        if since:
            expect("recovered", joined["recovered"], True)
            known = len(self.heard)
            expect("what was told before", joined["events"][:known], self.heard)
            self.hear(joined["events"][known:])
        expect("the offset joined at", self.offset, joined["offset"])
        return follower

    def hear(self, events):
        for event in events:
            expect("the next offset", event["offset"], self.offset + 1)
            expect("its epoch", event["epoch"], self.epoch)
            self.offset += 1
            self.heard.append(event)
            self.seen[event["kind"]] += 1

    def guarded(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except (OSError, http.client.HTTPException, ValueError):
                pass  # the server is gone
            except Failure as failure:
                if "was closed with" not in str(failure):
                    self.faults.append(str(failure))
            except Exception as error:
                # websockets tells in classes of its own that the connection is gone.
                if type(error).__module__.split(".")[0] != "websockets":
                    self.faults.append(repr(error))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def load(self, server, kill):
        """Everything at once until the process has ended, which `kill` sees to."""
        self.round += 1
        self.mark, self.heard = self.offset, []
        follower = self.follow()
        chance = lambda: random.Random(self.chance.getrandbits(64))
        threads = [
            self.guarded(self.reporter, index, storefront, chance())
            for index, storefront in enumerate([SHOP, SHOP, DELEGATED])]
        threads += [
            self.guarded(work, chance()) for work in (self.toucher, self.host, self.buyer, self.revoker)]
        kill()
        for thread in threads:
            thread.join(30)
            if thread.is_alive():
                self.faults.append("a connection outlived the process")
        follower.wait_closed(10)
        self.hear([event["params"] for event in follower.lossless])

    # What is left

    def check(self):
        """Looks at a server that was started anew; afterwards everything is acknowledged."""
        lines = {storefront: Line(self, storefront) for storefront in (SHOP, DELEGATED)}
        # Before anything is reported again: what was acknowledged holds by itself.
        self.check_revoked()
        in_flight = 0
        for fact in self.fresh:
            if fact.path == "/v1/releases":
                continue
            in_flight += fact.answer is None
            self.repeat(lines[fact.storefront], fact)
        for (viewer, key), answer in list(self.purchases.items()):
            self.purchase_again(viewer, key, answer)
        self.facts += [fact for fact in self.fresh if fact.path != "/v1/releases"]
        self.fresh = []
        self.check_room()
        follower = self.follow()
        follower.close()
        self.check_events()
        self.check_money(lines)
        if self.witness:
            self.witness.check(lines[SHOP])
        return in_flight

    def check_revoked(self):
        def session(token):
            socket = Socket(self.url, "revoked")
            try:
                socket.call("session.open", token=token)
                return socket
            except Failure:
                socket.close()
                raise
        free = self.keys.token("free", SHOP, "backend")
        self.revoked.check(self.url, lambda token: Line(self, SHOP, token), session, free)
        # Those of this round were looked at; a few stay, to be looked at again and again.
        self.revoked.tokens = dict(list(self.revoked.tokens.items())[-3:])

    def repeat(self, line, fact):
        known = fact.answer
        is_placing = fact.path == "/v1/orders"
        if known is None and is_placing:
            status, _, _ = line.request("GET", f"/v1/orders/{fact.body['order']}")
            is_there = status == 200
        status, repeated, answer = line.request("POST", fact.path, fact.body)
        if known is not None:
            expect(f"{fact.path} again", (status, repeated), (200, True))
            expect(f"the answer to {fact.path} again", answer, known)
            return
        if status not in (200, 201):
            raise Failure(f"{fact.path}, not acknowledged: {status} {answer}")
        expect(f"{fact.path}, first time", repeated, status == 200)
        if is_placing:
            expect("an order not acknowledged is there", repeated, is_there)
        fact.answer = answer
        expect(
            f"{fact.path} once more", list(line.request("POST", fact.path, fact.body)),
            [200, True, answer])

    def purchase_again(self, viewer, key, answer):
        socket = self.session(viewer, "viewer")
        found = socket.call("order.place", key=key, room=ROOM, sku="tea", units=1)
        if answer is not None:
            expect(f"{viewer}~{key} again", found, answer)
        expect(f"{viewer}~{key}", found["order"], f"{viewer}~{key}")
        socket.close()
        self.facts.append(Fact(SHOP, None, None, "order.placed"))
        del self.purchases[viewer, key]

    def check_room(self):
        room = Line(self, SHOP).done("GET", f"/v1/rooms/{ROOM}")
        if room["pinned"] not in [self.pins[-1]] + self.pin_in_flight:
            raise Failure(f"{room['pinned']} is pinned, not {self.pins[-1]}")
        self.pins, self.pin_in_flight = [room["pinned"]], []
        line = Line(self, SHOP)
        if self.touch_in_flight and self.touch_in_flight[0] not in self.locks:
            viewer, promoter = self.touch_in_flight
            other = next(member for member in MEMBERS[1:] if member != promoter)
            answer = line.done("POST", "/v1/touches", {
                "viewer": viewer, "promoter": other, "touchedAt": utc(time.time())})
            if answer["lockedTo"] not in (promoter, other):
                raise Failure(f"{viewer} is locked to {answer['lockedTo']}, sent by {promoter}, {other}")
        self.touch_in_flight = None
        for viewer, promoter in list(self.locks.items())[-10:]:
            other = next(member for member in MEMBERS[1:] if member != promoter)
            answer = line.done("POST", "/v1/touches", {
                "viewer": viewer, "promoter": other, "touchedAt": utc(time.time())})
            expect(f"the lock of {viewer}", answer["lockedTo"], promoter)

    def check_events(self):
        wanted = collections.Counter(
            fact.event for fact in self.facts if fact.storefront == SHOP and fact.event)
        for kind in COUNTED:
            expect(f"events {kind}", self.seen[kind], wanted[kind])

    def check_money(self, lines):
        deadline = time.monotonic() + 20
        while lines[DELEGATED].done("GET", "/v1/unsettled")["count"] > 0:
            if time.monotonic() > deadline:
                raise Failure("orders wait for ever: " + json.dumps(
                    lines[DELEGATED].done("GET", "/v1/unsettled"))[:600])
            time.sleep(0.01)
        for storefront, line in lines.items():
            ledger = line.done("GET", "/v1/ledger")
            paid = sum(fact.paid for fact in self.facts if fact.storefront == storefront)
            expect(f"{storefront}, sum", ledger["sum"], 0)
            expect(f"{storefront}, paid", ledger["parties"]["buyers"], -paid)
            expect(f"{storefront}, parties", sum(ledger["parties"].values()), 0)
            payments = sum(
                fact.event == "order.paid" for fact in self.facts if fact.storefront == storefront)
            orders = line.done("GET", "/v1/storefront")["orders"]
            expect(f"{storefront}, orders", orders, payments)
        self.verify()

    def check_everything(self):
        """Every fact of every round once more."""
        lines = {storefront: Line(self, storefront) for storefront in (SHOP, DELEGATED)}
        for fact in self.facts:
            if fact.path:
                self.repeat(lines[fact.storefront], fact)
        if self.witness:
            self.witness.check(lines[SHOP], whole=True)
        self.verify()


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.chance = random.Random(options.seed)
        self.counts = collections.Counter()
        self.refusals = collections.Counter()
        self.asked, self.met = collections.Counter(), collections.Counter()
        self.acknowledged = collections.Counter()
        self.endpoint = Endpoint()

    def plan(self):
        """How the next process is to end: a fail point with its count, or None and a time."""
        dice = self.chance.random()
        if dice < 0.45:
            point = self.chance.choice(POINTS)
            count = self.chance.randrange(1, 8 if point.startswith(RARE_POINTS) else 40)
            self.asked[point] += 1
            return "point", f"{point}:{count}"
        if dice < 0.55:
            return "start", self.chance.uniform(0, 0.04)
        return "moment", self.chance.uniform(0, 0.3)

    def kill(self, world):
        kind, detail = self.plan()
        server = world.start(detail if kind == "point" else None)
        if kind == "start":
            time.sleep(detail)
            server.end()
            self.counts["while starting"] += 1
            return
        if server.ready() is None:
            # A fail point may be met by what is done at the start.
            server.end()
            self.meet(detail)
            return
        world.url = server.url

        def by_time():
            time.sleep(detail)
            server.end()

        def by_point():
            if server.ends_within(5):
                self.meet(detail)
            else:
                self.counts["a fail point not met"] += 1
            server.end()

        try:
            world.load(server, by_time if kind == "moment" else by_point)
        except (OSError, Failure) as failure:
            # It may have ended while the follower was coming.
            if server.ends_within(5) and not world.faults and "was closed" in str(failure):
                pass
            elif not isinstance(failure, OSError):
                raise
        finally:
            server.end()
        if kind == "moment":
            self.counts["at a random moment"] += 1

    def meet(self, detail):
        point = detail.split(":")[0]
        self.counts[point] += 1
        self.met[point] += 1

    def check(self, world, last):
        server = world.start()
        try:
            server.ready() or world.give_up()
            world.url = server.url
            self.counts["in flight"] += world.check()
            if last:
                world.check_everything()
        finally:
            code = server.end(signal.SIGTERM if last else signal.SIGKILL)
        if last:
            expect("the exit code of an orderly stop", code, 0)

    def directory(self, service, kills, deadline):
        world = World(self.options, service, self.folder, self.chance, self.endpoint)
        done = 0
        while done < kills and time.monotonic() < deadline:
            self.kill(world)
            done += 1
            if world.faults:
                raise Failure("; ".join(world.faults[:5]))
            self.check(world, last=False)
        self.check(world, last=True)
        self.counts["acknowledged"] += world.answered
        self.counts["facts"] += len(world.facts)
        self.counts["events followed"] += sum(world.seen.values())
        self.counts["revocations that held"] += world.revoked.checked["refused"]
        self.counts["webhooks taken"] += len(world.witness.taken)
        self.counts["webhooks taken again"] += world.witness.repeats
        self.acknowledged += world.acknowledged
        self.refusals += world.refusals
        world.log.close()
        return done

    def floors(self, kills):
        """What a run has to have tried for its silence to mean anything."""
        unknown = set(self.refusals) - KNOWN_REFUSALS
        if unknown:
            raise Failure(f"refused for unknown reasons: { {code: self.refusals[code] for code in unknown} }")
        asked, met = sum(self.asked.values()), sum(self.met.values())
        if asked >= 4 and met * 2 < asked:
            raise Failure(f"of {asked} fail points {met} were met")
        for point, count in self.asked.items():
            # Three misses in a row are chance or a slow machine, more are a place that nobody passes.
            if count >= 4 and not self.met[point]:
                raise Failure(f"{point} was asked for {count} times and never met")
        if kills and not self.acknowledged["orders"]:
            raise Failure("no order was acknowledged")
        if kills < LONG:
            return
        missing = [kind for kind in KINDS if not self.acknowledged[kind]]
        missing += [point for point in POINTS if not self.met[point]]
        missing += [
            what for what in ("in flight", "webhooks taken", "webhooks taken again",
                              "revocations that held", "events followed") if not self.counts[what]]
        if missing:
            raise Failure(f"in {kills} kills never: " + ", ".join(missing))

    def go(self):
        keys = os.path.join(self.folder, "books.json")
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump({"version": 1, "commissionKeys": [{"id": "books", "secret": BOOKS}]}, out)
        service = Process(
            [self.options.waggle, "commission-service", "--keys", keys, "--port", "0"], None)
        began = time.monotonic()
        kills = 0
        try:
            url = service.ready()
            while kills < self.options.kills and time.monotonic() < began + self.options.seconds:
                kills += self.directory(
                    url, min(25, self.options.kills - kills), began + self.options.seconds)
                seconds = time.monotonic() - began
                print(f"crash: {kills} kills, {seconds:.0f} s", flush=True)
        finally:
            service.end()
            self.endpoint.close()
        told = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        print(f"crash: seed {self.options.seed}: {kills} kills hold; {told}")
        if self.refusals:
            print(f"crash: refused: {dict(self.refusals)}")
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.acknowledged.items()))
        print(f"crash: acknowledged: {kinds}")
        self.floors(kills)
        return 0 if kills >= self.options.kills else 75


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waggle", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1800)
    options = parser.parse_args()
    options.waggle = os.path.abspath(options.waggle)
    # Whoever ends this ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="waggle-crash-") as folder:
        try:
            return Run(options, folder).go()
        except Failure as failure:
            print(f"crash: seed {options.seed}: {failure}", file=sys.stderr)
            with open(os.path.join(folder, "log"), "rb") as log:
                sys.stderr.buffer.write(log.read()[-2000:])
            return 1


if __name__ == "__main__":
    sys.exit(main())
