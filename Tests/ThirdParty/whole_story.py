#!/usr/bin/env python3
"""Goes through a whole sale as a third party would: everything it knows comes from Protocol/.

usage: whole_story.py --url http://127.0.0.1:8080 --key-id ID --secret BASE64URL [--seed N]

Backend over HTTP, host, promoter and viewers over WebSockets. Ids, prices, costs, rates, pact and
quantities are drawn at random; every figure that the server tells is compared with a calculation of
its own. Prints a line for each chapter. Ends within two minutes, whatever the server does. A seed
repeats a run, against a server that has not seen it yet.

Exit status: 0 every figure agrees, 1 something does not, 69 the server cannot be reached.
"""

import argparse
import json
import os
import random
import signal
import sys
import time

from waggle import Backend, Failure, Keys, Socket, utc

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"


def same(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what} is {json.dumps(found)}, not {json.dumps(wanted)}")


def part(base, ppm):
    return base * ppm // 1_000_000


class Line:
    """One line of an order under the plan `fengxiang`, reckoned from the written rules."""

    def __init__(self, item, units, paid=None):
        self.item, self.units = item, units
        self.paid = item["price"] * units if paid is None else paid
        self.cost = item["cost"] * units
        self.refunded = 0

    def parties(self, pact, override, promoted):
        net = self.paid - self.refunded
        pool = part(net, self.item["ratePpm"])
        promoter = part(pool, pact) if promoted else 0
        host = pool - promoter
        inviter = part(host, override)
        supplier = self.cost * net // self.paid if self.paid else 0
        platform = net - supplier - promoter - host - inviter
        return {
            "net": net, "promoter": promoter, "host": host, "inviter": inviter,
            "supplier": supplier, "platform": platform,
        }


def sums(parties):
    parties = list(parties)
    return {key: sum(one[key] for one in parties) for key in parties[0]}


class Story:
    OVERRIDE = 100_000

    def __init__(self, url, keys, seed):
        self.url, self.keys, self.chance = url, keys, random.Random(seed)
        self.backend = Backend(url)
        self.sockets = []
        self.storefront = self.name()
        self.people = {
            role: self.name() for role in ("operator", "backend", "host", "promoter", "inviter")}
        self.viewers = [self.name() for _ in range(3)]
        self.pact = self.chance.randrange(50_000, 900_000)
        self.sequence = 0
        self.sold = []

    def name(self, length=None):
        return "".join(
            self.chance.choice(ALPHABET) for _ in range(length or self.chance.randrange(9, 20)))

    def token(self, person, scope):
        return self.keys.token(person, self.storefront, scope)

    def staff(self, method, path, body=None, status=None):
        return self.backend.call(
            method, path, self.token(self.people["backend"], "operator backend"), body, status)

    def session(self, person, scope):
        socket = Socket(self.url, f"{scope} {person}")
        self.sockets.append(socket)
        opened = socket.call("session.open", token=self.token(person, scope))
        same("the session's person", opened["person"], person)
        same("the session's storefront", opened["storefront"], self.storefront)
        return socket

    # Chapters

    def prepare(self):
        self.staff("PUT", "/v1/storefront", {"name": "第三方 third party", "plan": "fengxiang"})
        self.items = []
        for _ in range(4):
            price = self.chance.randrange(100, 100_000)
            self.items.append({
                "sku": self.name(), "product": self.name(), "supplier": self.name(),
                "title": "茶 " + self.name(6), "price": price,
                "cost": self.chance.randrange(price // 2), "stock": 100,
                "ratePpm": self.chance.randrange(50_000, 400_001)})
        names = ["sku", "product", "supplier", "title", "price", "cost", "ratePpm", "stock"]
        rows = [",".join(names)] + [",".join(str(i[n]) for n in names) for i in self.items]
        spoilt = rows[1].replace(str(self.items[0]["price"]), "-1", 1)
        status, _, data = self.backend.request(
            "POST", "/v1/catalogue/import", self.token("x", "backend"), type="text/csv",
            text="\r\n".join([*rows, spoilt, ""]))
        same("the import's status", status, 200)
        report = json.loads(data)
        same("added", report["added"], 4)
        same("rejected", [one["line"] for one in report["rejected"]], [6])
        for role, inviter in (("inviter", None), ("host", "inviter"), ("promoter", None)):
            body = {"member": self.people[role], "name": role, "joinedAt": "2024-01-01T00:00:00Z"}
            if inviter:
                body["inviter"] = self.people[inviter]
            self.staff("POST", "/v1/members", body, 201)
            self.staff("POST", "/v1/members", body, 200)

    def open_room(self):
        self.room = self.name()
        self.host = self.session(self.people["host"], "host")
        room = self.host.call("room.open", room=self.room, title="开播", pactPpm=self.pact)
        same("the room's state", room["state"], "live")
        same("the pact", room["pactPpm"], self.pact)
        self.epoch = self.host.call("room.join", room=self.room)["epoch"]
        skus = [item["sku"] for item in self.items]
        listed = self.host.call("listing.add", room=self.room, skus=skus)
        same("listings", listed["listings"], 4)
        for item, earning in zip(self.items, listed["earnings"]):
            promoted = Line(item, 1).parties(self.pact, 0, True)
            alone = Line(item, 1).parties(self.pact, 0, False)
            same("my earning with a promoter", earning["withPromoter"], promoted["host"])
            same("my earning without", earning["withoutPromoter"], alone["host"])
            same("the promoter's", earning["promoter"], promoted["promoter"])
        event = self.host.event()["params"]
        same("the first event after the join", (event["offset"], event["kind"]), (2, "listing.added"))
        self.offset = 2

    def bring_viewers(self):
        self.promoter = self.session(self.people["promoter"], "promoter")
        link = self.promoter.call("link.create", room=self.room, channel="group")
        text = link["text"]
        if len(text) > 120:
            raise Failure("the link is too long")
        # A letter inside the signature: still base64url, still readable, no longer signed.
        spoilt = text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:]
        figures = self.promoter.call("ticker.subscribe", ticker="earnings", room=self.room)
        same("pending", figures["pending"], 0)
        self.watching = []
        for index, viewer in enumerate(self.viewers):
            socket = self.session(viewer, "viewer")
            # The last one comes with a spoilt link: not attributed, but let in.
            joined = socket.call("room.join", room=self.room, link=text if index < 2 else spoilt)
            same("the touch", joined["touch"]["accepted"], index < 2)
            if index == 2:
                same("the reason", joined["touch"]["reason"], "link_altered")
            same("listings", len(joined["listings"]), 4)
            same("offset", joined["offset"], self.offset)
            self.watching.append(socket)
        self.promoter.figures(
            "ticker.earnings", lambda push: push["params"]["viewersBrought"] == 2
            and push["params"]["watching"] == 2)
        self.host.figures("room.count", lambda push: push["params"]["watching"] == 4)
        links = self.promoter.call("link.list")
        same("uses", links["links"][0]["uses"], 2)
        same("refused links", links["refused"], [{"reason": "link_altered", "count": 1}])

    def see_event(self, kind, **fields):
        """Everybody in the room gets the same event, once and in order."""
        self.offset += 1
        for socket in (self.host, *self.watching):
            event = socket.event()["params"]
            same("the event", (event["offset"], event["kind"]), (self.offset, kind))
            same("the epoch", event["epoch"], self.epoch)
            for key, value in fields.items():
                same(f"{kind}.{key}", event[key], value)

    def check_order(self, view, line, promoted):
        wanted = line.parties(self.pact, self.OVERRIDE, promoted)
        for key in ("net", "supplier", "platform"):
            same(f"{view['order']}: {key}", view[key], wanted[key])
        found = {one["member"]: one["amount"] for one in view["shares"]}
        for role in ("promoter", "host", "inviter"):
            if role == "promoter" and not promoted:
                continue
            same(f"{view['order']}: {role}", found[self.people[role]], wanted[role])
        same(
            "conservation", sum(found.values()) + view["supplier"] + view["platform"], view["net"])

    def sell(self):
        for index, viewer in enumerate(self.viewers):
            item = self.items[index]
            units = self.chance.randrange(1, 9)
            line = Line(item, units)
            socket = self.watching[index]
            key = self.name()
            wish = {"key": key, "room": self.room, "sku": item["sku"], "units": units}
            placed = socket.call("order.place", **wish)
            same("the repeated call", socket.call("order.place", **wish), placed)
            order = placed["order"]
            same("the order's id", order, f"{viewer}~{key}")
            same("its state", placed["state"], "placed")
            promoted = index < 2
            same(
                "its promoter", placed["promoter"], self.people["promoter"] if promoted else None)
            for secret in ("shares", "supplier", "platform"):
                if secret in placed:
                    raise Failure(f"a buyer sees {secret}")
            bought = [{"sku": item["sku"], "units": units}]
            self.see_event("order.placed", lines=bought)
            paid = self.staff(
                "POST", f"/v1/orders/{order}/payment",
                {"payment": self.name(), "paidAt": utc(time.time())}, 201)
            self.sequence += 1
            same("the sequence", paid["sequence"], self.sequence)
            self.check_order(paid, line, promoted)
            self.see_event("order.paid", lines=bought)
            socket.figures(
                "listing.level", lambda push: push["params"] == {
                    "room": self.room, "sku": item["sku"], "left": 100 - units, "sold": units,
                    "sequence": self.sequence})
            self.sold.append((order, line, promoted))
        total = self.total("promoter")
        self.promoter.figures(
            "ticker.earnings", lambda push: push["params"]["pending"] == total
            and push["params"]["orders"] == 2 and push["params"]["available"] == 0)

    def total(self, role):
        """What somebody has by the rules, whatever state it is in."""
        return sum(
            line.parties(self.pact, self.OVERRIDE, promoted)[role]
            for _, line, promoted in self.sold)

    def refund_part(self):
        order, line, promoted = self.sold[0]
        amount = self.chance.randrange(1, line.paid)
        line.refunded += amount
        body = {
            "refund": self.name(), "refundedAt": utc(time.time()),
            "lines": [{"line": 0, "amount": amount}]}
        first = self.staff("POST", f"/v1/orders/{order}/refunds", body, 201)
        self.sequence += 1
        self.check_order(first, line, promoted)
        same("the repeat", self.staff("POST", f"/v1/orders/{order}/refunds", body, 200), first)
        conflict = dict(body, lines=[{"line": 0, "amount": amount + 1}])
        problem = self.staff("POST", f"/v1/orders/{order}/refunds", conflict, 409)
        same("another content", problem["code"], "idempotency_conflict")
        self.see_event("order.refunded")
        pending = self.total("promoter")
        self.promoter.figures(
            "ticker.earnings", lambda push: push["params"]["pending"] == pending
            and push["params"]["sequence"] == self.sequence)

    def release_and_pay_out(self):
        order, _, _ = self.sold[0]
        self.staff(
            "POST", f"/v1/orders/{order}/delivery",
            {"delivery": self.name(), "deliveredAt": "2024-02-28T18:00:00Z"}, 201)
        # 29 February in Shanghai; seven full days; released from 8 March there.
        self.staff("POST", "/v1/releases", {})
        view = self.staff("GET", f"/v1/orders/{order}")
        same("the order's state", view["state"], "released")
        line = self.sold[0][1]
        due = line.parties(self.pact, self.OVERRIDE, True)
        rest = sums(
            one.parties(self.pact, self.OVERRIDE, promoted) for _, one, promoted in self.sold[1:])
        for role in ("promoter", "host", "inviter"):
            balances = self.staff("GET", f"/v1/members/{self.people[role]}")["balances"]
            same(f"{role}'s balances", balances, {
                "pending": rest[role], "available": due[role], "paid": 0, "debt": 0})
        statement = self.staff("POST", "/v1/statements", {"statement": self.name()}, 201)
        same(
            "the statement", {one["member"]: one["amount"] for one in statement["lines"]}, {
                self.people[role]: due[role]
                for role in ("promoter", "host", "inviter") if due[role]})
        same("its total", statement["total"], due["promoter"] + due["host"] + due["inviter"])

    def refund_the_rest(self):
        """After the payout: what was paid becomes debt, nobody else's pending is touched."""
        order, line, _ = self.sold[0]
        due = line.parties(self.pact, self.OVERRIDE, True)
        line.refunded = line.paid
        view = self.staff(
            "POST", f"/v1/orders/{order}/refunds",
            {"refund": self.name(), "refundedAt": utc(time.time())}, 201)
        same("its state", view["state"], "refunded")
        self.see_event("order.refunded")
        for role in ("promoter", "host", "inviter"):
            balances = self.staff("GET", f"/v1/members/{self.people[role]}")["balances"]
            same(f"{role}'s balances", balances, {
                "pending": self.total(role), "available": 0, "paid": due[role],
                "debt": due[role]})

    def come_back(self):
        """A viewer loses the connection, and misses nothing."""
        self.watching.pop().close()
        missed = self.offset
        sku = self.items[3]["sku"]
        self.host.call("listing.pin", room=self.room, sku=sku)
        self.see_event("listing.pinned", sku=sku)
        self.host.call("room.pause", room=self.room)
        self.see_event("room.paused", state="paused")
        again = self.session(self.viewers[2], "viewer")
        joined = again.call(
            "room.join", room=self.room, since={"epoch": self.epoch, "offset": missed})
        same("recovered", joined["recovered"], True)
        same(
            "the missed events", [(one["offset"], one["kind"]) for one in joined["events"]],
            [(missed + 1, "listing.pinned"), (missed + 2, "room.paused")])
        self.watching.append(again)
        same(
            "buying in a paused room", again.refusal(
                "order.place", key=self.name(), room=self.room, sku=sku, units=1), "room_state")

    def close_the_books(self):
        self.host.call("room.end", room=self.room)
        self.see_event("room.ended", state="ended")
        ledger = self.staff("GET", "/v1/ledger")
        parties = sums(
            line.parties(self.pact, self.OVERRIDE, promoted) for _, line, promoted in self.sold)
        same("the ledger's sum", ledger["sum"], 0)
        same("the parties", ledger["parties"], {
            "suppliers": parties["supplier"], "platform": parties["platform"],
            "members": parties["promoter"] + parties["host"] + parties["inviter"],
            "buyers": -parties["net"], "unsettled": 0})
        for order, _, _ in self.sold:
            found = self.staff(
                "GET", "/v1/ledger/transactions?subject=" + order)["transactions"]
            for one in found:
                same("a transaction's sum", sum(p["amount"] for p in one["postings"]), 0)
        for socket in (self.host, *self.watching):
            same("events that nobody expected", socket.lossless, [])

    def tell(self):
        try:
            for chapter in (
                self.prepare, self.open_room, self.bring_viewers, self.sell, self.refund_part,
                self.release_and_pay_out, self.refund_the_rest, self.come_back,
                self.close_the_books,
            ):
                started = time.monotonic()
                chapter()
                name = chapter.__name__.replace("_", " ")
                print(f"ok    {name} ({time.monotonic() - started:.2f} s)", flush=True)
        except Failure as failure:
            print(f"FAIL  {chapter.__name__.replace('_', ' ')}: {failure}", flush=True)
            return 1
        finally:
            for socket in self.sockets:
                socket.close()
        return 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key-id", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    seed = options.seed
    if seed is None:
        seed = int.from_bytes(os.urandom(6), "big")
    print(f"seed {seed}")
    signal.alarm(120)
    try:
        return Story(options.url, Keys(options.key_id, options.secret), seed).tell()
    except OSError as error:
        print(f"{options.url} cannot be reached: {error}", file=sys.stderr)
        return 69


if __name__ == "__main__":
    sys.exit(main())
