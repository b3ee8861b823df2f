"""What has to be left of everything that was reported, once a server was started anew.
"""

import collections
import json
import time

from crash_shop import DELEGATED, MEMBERS, ROOM, SHOP, Fact, Line, expect
from waggle import Failure, Socket, utc

COUNTED = ["order.placed", "order.paid", "order.refunded", "order.cancelled"]


class Checks:
    """The part of a world that compares what is there with what was answered."""

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
