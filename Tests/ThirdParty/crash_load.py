"""What is done to a server until it is gone: reports, touches, pins, purchases, revocations, and a follower.
"""

import http.client
import random
import threading
import time

from crash_shop import DELEGATED, MEMBERS, ROOM, SHOP, VIEWERS, Fact, Line, expect
from waggle import Failure, utc


class Load:
    """The part of a world that reports to it and writes down what was answered."""

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
