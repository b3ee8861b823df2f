#!/usr/bin/env python3
"""Recomputes conservation certificates from the ledger, with nothing but the standard library.

usage: check_certificate.py --url URL --token TOKEN (--order ORDER | --day YYYY-MM-DD | --chain)

Written from Protocol/certificates.md alone. TOKEN needs the scope backend or operator. `--chain` walks the
whole ledger and prints its last digest. Exit status: 0 it holds, 1 it does not (each fault is printed),
69 the server does not answer.
"""

import argparse
import datetime
import hashlib
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Books:
    """The server's answers, and what was found wrong with them."""

    def __init__(self, url, token):
        self.url = url.rstrip("/")
        self.token = token
        self.faults = []

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": "Bearer " + self.token})
        # A certificate is fetched from where the caller says, whatever proxies the machine has.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            return json.load(response)

    def expect(self, what, found, expected):
        if found != expected:
            self.faults.append(f"{what}: {found!r} where {expected!r} was computed")

    def transactions(self, first, last=None):
        """Every transaction of a run of sequences, page by page."""
        while first is not None:
            query = {"from": first} if last is None else {"from": first, "to": last}
            page = self.get("/v1/ledger/transactions", **query)
            yield from page["transactions"]
            first = page["next"]


def milliseconds(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - EPOCH) // datetime.timedelta(milliseconds=1)


def canonical(transaction):
    lines = ["|".join([
        str(transaction["sequence"]), str(milliseconds(transaction["at"])), transaction["kind"],
        transaction["subject"], transaction["fact"], transaction["currency"]])]
    lines += [f"{one['account']}|{one['amount']}" for one in transaction["postings"]]
    return "".join(line + "\n" for line in lines).encode()


def digest(previous, transaction):
    return hashlib.sha256(bytes.fromhex(previous) + canonical(transaction)).hexdigest()


def party(account):
    kind, _, name = account.partition("/")
    return "member/" + name if kind in ("pending", "available", "paid", "debt") else account


def sums(transactions):
    """What each party got, without zeros."""
    parties = {}
    for transaction in transactions:
        for one in transaction["postings"]:
            name = party(one["account"])
            parties[name] = parties.get(name, 0) + one["amount"]
    return {name: amount for name, amount in parties.items() if amount}


def check_one(books, transaction):
    place = f"transaction {transaction['sequence']}"
    books.expect(
        f"{place}, sum", sum(one["amount"] for one in transaction["postings"]), 0)
    books.expect(
        f"{place}, digest", transaction["digest"],
        digest(transaction["previousDigest"], transaction))


def check_order(books, order):
    found = books.get(f"/v1/orders/{urllib.parse.quote(order, safe='')}/certificate")
    books.expect("order", found["order"], order)
    for transaction in found["transactions"]:
        check_one(books, transaction)
        books.expect(f"transaction {transaction['sequence']}, subject", transaction["subject"], order)
        # The same transaction stands in the ledger.
        sequence = transaction["sequence"]
        page = list(books.transactions(sequence, sequence))
        books.expect(f"transaction {sequence} of the ledger", page, [transaction])
    shares = {f"member/{one['member']}": one["amount"] for one in found["shares"]}
    claimed = {f"supplier/{one['supplier']}": one["amount"] for one in found["suppliers"]}
    claimed.update(
        shares, platform=found["platform"], buyers=-found["net"], unsettled=found["unsettled"])
    claimed = {name: amount for name, amount in claimed.items() if amount}
    if found["booked"]:
        books.expect("parties", claimed, sums(found["transactions"]))
    else:
        books.expect("transactions", found["transactions"], [])
    books.expect("net", found["net"], found["paid"] - found["refunded"])
    books.expect("sum", found["sum"], sum(claimed.values()))
    books.expect("sum", found["sum"], 0)
    content = json.dumps(found["snapshot"]["content"], separators=(",", ":"), ensure_ascii=False)
    books.expect(
        "snapshot digest", found["snapshot"]["digest"],
        hashlib.sha256(content.encode()).hexdigest())
    books.expect("holds", found["holds"], True)
    return f"order {order}: net {found['net']}, {len(found['transactions'])} transactions"


def check_day(books, day):
    found = books.get(f"/v1/certificates/{day}")
    listed = found["parties"]
    after = found["after"]
    while after is not None:
        page = books.get(f"/v1/certificates/{day}", after=after)
        books.expect("closingDigest of the next page", page["closingDigest"], found["closingDigest"])
        listed, after = listed + page["parties"], page["after"]
    first, last = found["firstSequence"], found["lastSequence"]
    transactions = [] if first is None else list(books.transactions(first, last))
    end = found["openingDigest"]
    if first == 1:
        books.expect("openingDigest", end, "0" * 64)
    for expected, transaction in enumerate(transactions, first or 0):
        books.expect("sequence", transaction["sequence"], expected)
        books.expect(f"transaction {expected}, previousDigest", transaction["previousDigest"], end)
        check_one(books, transaction)
        end = digest(end, transaction)
        inside = milliseconds(found["from"]) <= milliseconds(transaction["at"]) < milliseconds(
            found["until"])
        books.expect(f"transaction {expected}, in the day", inside, True)
    books.expect("closingDigest", found["closingDigest"], end)
    books.expect("transactions", found["transactions"], len(transactions))
    books.expect("postings", found["postings"], sum(len(one["postings"]) for one in transactions))
    parties = sums(transactions)
    books.expect(
        "parties", [(one["party"], one["amount"]) for one in listed],
        sorted(parties.items(), key=lambda entry: entry[0].encode()))
    totals = dict.fromkeys(["buyers", "suppliers", "platform", "members", "unsettled"], 0)
    for name, amount in parties.items():
        kind = {"supplier": "suppliers", "member": "members"}.get(name.split("/")[0], name)
        totals[kind] += amount
    books.expect("totals", found["totals"], totals)
    kinds = {}
    for transaction in transactions:
        kinds[transaction["kind"]] = kinds.get(transaction["kind"], 0) + 1
    books.expect("kinds", found["kinds"], kinds)
    books.expect("sum", found["sum"], 0)
    books.expect("sum of parties", sum(parties.values()), 0)
    books.expect("holds", found["holds"], True)
    return f"day {day}: {len(transactions)} transactions, {end}"


def check_chain(books):
    end, sequence = "0" * 64, 0
    for transaction in books.transactions(1):
        sequence += 1
        books.expect("sequence", transaction["sequence"], sequence)
        books.expect(f"transaction {sequence}, previousDigest", transaction["previousDigest"], end)
        check_one(books, transaction)
        end = digest(end, transaction)
    return f"chain: {sequence} transactions, {end}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--order")
    what.add_argument("--day")
    what.add_argument("--chain", action="store_true")
    options = parser.parse_args()
    books = Books(options.url, options.token)
    try:
        if options.order is not None:
            summary = check_order(books, options.order)
        elif options.day is not None:
            summary = check_day(books, options.day)
        else:
            summary = check_chain(books)
    except urllib.error.HTTPError as error:
        print(f"{error.url}: {error.code} {error.read().decode(errors='replace')}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        return 69
    for fault in books.faults:
        print(fault)
    print(f"{summary}: {'does not hold' if books.faults else 'holds'}")
    return 1 if books.faults else 0


if __name__ == "__main__":
    sys.exit(main())
