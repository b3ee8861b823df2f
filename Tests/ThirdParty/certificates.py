#!/usr/bin/env python3
"""Lets check_certificate.py at a server with sales, refunds and a payout, and at certificates that lie.

usage: certificates.py --url http://127.0.0.1:8080 --key-id ID --secret BASE64URL

Whatever the server tells has to hold: the certificate of each order, of the day, and the whole chain.
Then the same is fetched through a proxy that alters one figure of an answer: each time the checker has
to find it. Ends within half a minute.

Exit status: 0 all of that is so, 1 something is not, 69 the server cannot be reached.
"""

import argparse
import datetime
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from waggle import Backend, Failure, Keys, utc

CHECKER = Path(__file__).with_name("check_certificate.py")
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


class Books:
    """A storefront of its own, with an order in each state that a certificate can meet."""

    def __init__(self, url, keys, chance):
        self.backend, self.chance = Backend(url), chance
        self.name = f"certificates-{chance.randrange(10 ** 12)}"
        self.token = keys.token("backend", self.name, "operator backend")

    def staff(self, method, path, body=None, status=None):
        return self.backend.call(method, path, self.token, body, status)

    def prepare(self):
        self.staff("PUT", "/v1/storefront", {
            "name": "证明", "plan": "wanwu", "acceptedRisks": ["headcount_pay"]})
        rows = ["sku,product,supplier,title,price,cost,ratePpm"] + [
            f"{self.name}-{index},{self.name}-{index},supplier{index},茶,20000,9000,{rate}"
            for index, rate in enumerate((200_000, 333_333))]
        status, _, data = self.backend.request(
            "POST", "/v1/catalogue/import", self.token, type="text/csv", text="\n".join(rows) + "\n")
        if status != 200 or json.loads(data)["added"] != 2:
            raise Failure(f"the import: {status} {data.decode()}")
        for member, inviter, rank in (("a", None, "senior"), ("b", "a", None), ("c", "b", None)):
            body = {"member": member, "name": "掌柜 " + member, "joinedAt": "2024-01-01T00:00:00Z"}
            if inviter:
                body["inviter"] = inviter
            if rank:
                body["rank"] = rank
            self.staff("POST", "/v1/members", body, 201)

    def sell(self, order, **dates):
        at = utc(time.time())
        lines = [
            {"sku": f"{self.name}-{index}", "units": 1, "paid": self.chance.randrange(9_999, 99_999)}
            for index in range(2)]
        self.staff("POST", "/v1/orders", {
            "order": order, "seller": "c", "buyer": "viewer", "lines": lines, "placedAt": at}, 201)
        if dates.get("paid", True):
            self.staff("POST", f"/v1/orders/{order}/payment", {
                "payment": "p-" + order, "paidAt": at}, 201)
        if "delivered" in dates:
            self.staff("POST", f"/v1/orders/{order}/delivery", {
                "delivery": "d-" + order, "deliveredAt": dates["delivered"]}, 201)
        return lines

    def refund(self, order, lines):
        body = {"refund": "r-" + order, "refundedAt": utc(time.time())}
        if lines:
            body["lines"] = lines
        self.staff("POST", f"/v1/orders/{order}/refunds", body, 201)

    def fill(self):
        """A sale, one refunded in part, one in full after it was paid out, and one nobody paid."""
        self.sell("sold")
        half = self.sell("half")[0]["paid"] // 2
        self.refund("half", [{"line": 0, "amount": half}])
        self.sell("back", delivered="2024-02-28T18:00:00Z")
        self.staff("POST", "/v1/releases", {})
        self.staff("POST", "/v1/statements", {"statement": "s"}, 201)
        self.refund("back", None)
        self.sell("unpaid", paid=False)
        first = self.staff("GET", "/v1/ledger/transactions?from=1&to=1")["transactions"][0]["at"]
        moment = datetime.datetime.fromisoformat(first.replace("Z", "+00:00"))
        return moment.astimezone(SHANGHAI).date().isoformat()

    def compare_pages(self, path, name, total, least):
        """Pages of one entry each come to the whole list, and each of them tells its total."""
        whole = self.staff("GET", path)
        found, next = [], ""
        while next is not None:
            page = self.staff("GET", f"{path}limit=1{next}")
            found += page[name]
            if len(page[name]) != 1 or page[total] != whole[total]:
                raise Failure(f"a page of one is {json.dumps(page)}")
            next = page["after"] and "&after=" + page["after"]
        if found != whole[name] or len(found) < least or whole["after"] is not None:
            raise Failure(f"the pages of {path} are {found}, the whole is {whole[name]}")


def lies(day):
    """What is asked for, the answer that is altered, and how."""
    def add(amount, *path):
        def alter(answer):
            for step in path[:-1]:
                answer = answer[step]
            answer[path[-1]] += amount
        return alter

    def move(answer):
        """From the platform to a member: the sum stays what it was."""
        answer["shares"][0]["amount"] += 1
        answer["platform"] -= 1

    def forge(answer):
        """In the certificate and its transaction alike: the digest does not fit any more."""
        move(answer)
        for one in answer["transactions"][0]["postings"]:
            if one["account"] == "platform":
                one["amount"] -= 1
            elif one["account"] == "pending/" + answer["shares"][0]["member"]:
                one["amount"] += 1

    def swap(answer):
        answer["snapshot"]["content"]["sale"]["seller"] = "b"

    def digest(answer):
        text = answer["closingDigest"]
        answer["closingDigest"] = ("1" if text[0] == "0" else "0") + text[1:]

    def hide(answer):
        answer["parties"].pop()

    def drop(answer):
        del answer["transactions"][1]

    order = ("--order", "half"), "/v1/orders/half/certificate"
    of_day = ("--day", day), "/v1/certificates/" + day
    ledger = "/v1/ledger/transactions"
    return [
        ("a share", *order, add(1, "shares", 0, "amount")),
        ("a share at the platform's cost", *order, move),
        ("a posting and a share", *order, forge),
        ("what was refunded", *order, add(-1, "refunded")),
        ("who sold", *order, swap),
        ("an order's transaction", *order, drop),
        ("a sequence", ("--order", "half"), ledger, add(1, "transactions", 0, "sequence")),
        ("the end of the chain", *of_day, digest),
        ("a party", *of_day, add(1, "parties", 0, "amount")),
        ("a missing party", *of_day, hide),
        ("a total", *of_day, add(1, "totals", "members")),
        ("a transaction of the day", ("--day", day), ledger, drop),
        ("a posting of the chain", ("--chain",), ledger,
         add(1, "transactions", 2, "postings", 0, "amount")),
    ]


class Proxy(http.server.ThreadingHTTPServer):
    """Hands everything on, and alters the answers of one path."""

    daemon_threads = True

    def __init__(self, url, path, alter):
        super().__init__(("127.0.0.1", 0), Handler)
        self.backend, self.path, self.alter = Backend(url), path, alter
        self.altered = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        proxy = self.server
        status, headers, data = proxy.backend.request(
            "GET", self.path, headers={"Authorization": self.headers["Authorization"]})
        if status == 200 and self.path.split("?")[0] == proxy.path:
            answer = json.loads(data)
            proxy.alter(answer)
            proxy.altered += 1
            data = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", headers["content-type"])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def check(url, token, what):
    """Exit status and output of the checker."""
    done = subprocess.run(
        [sys.executable, str(CHECKER), "--url", url, "--token", token, *what], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=False)
    return done.returncode, done.stdout.strip()


def run(url, keys, seed):
    books = Books(url, keys, random.Random(seed))
    books.prepare()
    day = books.fill()
    sound = [("--order", name) for name in ("sold", "half", "back", "unpaid")]
    for what in [*sound, ("--day", day), ("--chain",)]:
        status, said = check(url, books.token, what)
        if status != 0:
            raise Failure(f"{' '.join(what)} ended with {status}: {said}")
        print(f"ok    {said}")
    quarter = f"{day[:4]}Q{(int(day[5:7]) + 2) // 3}"
    books.compare_pages(f"/v1/certificates/{day}?", "parties", "totals", least=5)
    books.compare_pages(f"/v1/exports/tax?quarter={quarter}&", "payees", "total", least=2)
    for name, what, path, alter in lies(day):
        proxy = Proxy(url, path, alter)
        try:
            status, said = check(f"http://127.0.0.1:{proxy.server_port}", books.token, what)
        finally:
            proxy.shutdown()
            proxy.server_close()
        if not proxy.altered:
            raise Failure(f"{name} was never asked for")
        if status != 1 or "does not hold" not in said:
            raise Failure(f"{name} was altered, and the checker ended with {status}: {said}")
        print(f"ok    altered: {name}; {said.splitlines()[0][:90]}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key-id", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(6), "big"))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    signal.alarm(60)
    try:
        run(options.url, Keys(options.key_id, options.secret), options.seed)
    except Failure as failure:
        print(f"FAIL  certificates: {failure}", flush=True)
        return 1
    except OSError as error:
        print(f"{options.url} cannot be reached: {error}", file=sys.stderr)
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main())
