#!/usr/bin/env python3
"""Talks to a running commission service with signing code of its own.

usage: commission_service.py --url URL --secret whsec_…

Written from Protocol/commission-service.md alone. Has a sale settled under every shipped plan, recomputes what
it can, holds the answers against Protocol/schemas/settlement.json, and then sends what must be refused: altered
bodies, old and foreign signatures, impossible sales. Where jsonschema is not installed, the schema is left
out. The contract's worked example is checked too. Exit status: 0 all agree, 1 something does not.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import sys
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATH = "/v1/settlements"
faults = []


def expect(what, found, wanted):
    if found != wanted:
        faults.append(f"{what}: {found!r}, wanted {wanted!r}")


def signature(secret, message, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    content = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def is_genuine(secret, headers, body):
    wanted = signature(secret, headers["webhook-id"], headers["webhook-timestamp"], body)
    fits = [hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split(" ")]
    return any(fits) and abs(time.time() - int(headers["webhook-timestamp"])) <= 300


class Service:
    """One kept connection."""

    def __init__(self, url, secret):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        self.secret = secret

    def send(self, body, message="shop/o1/0", headers=None, **changed):
        timestamp = str(changed.get("timestamp", int(time.time())))
        given = {
            "Content-Type": "application/json", "webhook-id": message, "webhook-timestamp": timestamp,
            "webhook-signature": signature(
                changed.get("secret", self.secret), message, timestamp, changed.get("signed", body)),
        }
        given.update(headers or {})
        given = {name: value for name, value in given.items() if value is not None}
        self.connection.request("POST", PATH, body, given)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def refused(self, what, status, code, is_signed, *arguments, **named):
        found, headers, body = self.send(*arguments, **named)
        expect(what, (found, json.loads(body)["error"]["code"]), (status, code))
        genuine = "webhook-signature" in headers and is_genuine(self.secret, headers, body)
        expect(what + ", signed", genuine, is_signed)


def bytes_of(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def request(plan, people, participants):
    reference = {"name": plan["name"], "version": plan["version"]}
    return {
        "version": 1, "id": "shop/o1/0", "plan": reference, "planDocument": plan, "currency": "CNY",
        "sale": {"lines": [
            {"paid": 20000, "refunded": 0, "cost": 9000, "ratePpm": 200000},
            {"paid": 9999, "refunded": 3333, "cost": 100, "ratePpm": 123457}]},
        "snapshot": {
            "plan": plan["name"], "version": plan["version"], "sale": participants, "people": people},
    }


def nobody(plan):
    """A sale in which nobody of the plan took part."""
    return request(plan, [{"as": person["name"]} for person in plan["sale"]["people"]], {})


def wanwu():
    """B sells, invited by A who is gold: the example of the contract, with a second line."""
    plan = json.loads((ROOT / "Protocol" / "plans" / "wanwu.json").read_text())
    filled = {
        "seller": {"member": "B", "rank": "ordinary", "rankIndex": 0},
        "inviter": {"member": "A", "rank": "gold", "rankIndex": 1},
        "head": {"member": "A", "rank": "gold", "rankIndex": 1},
    }
    people = [
        {"as": person["name"], **filled.get(person["name"], {})} for person in plan["sale"]["people"]]
    return request(plan, people, {"seller": "B", "buyer": "v1"})


def check_answer(what, sent, headers, body, secret, validator):
    expect(what + ", signed", is_genuine(secret, headers, body), True)
    expect(what + ", header", headers["webhook-id"], sent["id"])
    answer = json.loads(body)
    if validator:
        for error in validator("answer").iter_errors(answer):
            faults.append(f"{what}: {error.json_path}: {error.message[:200]}")
    for key in ("id", "plan", "currency", "version"):
        expect(f"{what}, {key}", answer[key], sent[key])
    expect(what + ", lines", len(answer["lines"]), len(sent["sale"]["lines"]))
    for index, (line, asked) in enumerate(zip(answer["lines"], sent["sale"]["lines"])):
        place = f"{what}, line {index}"
        net = asked["paid"] - asked["refunded"]
        expect(place + ", net", line["net"], net)
        expect(place + ", pool", line["pool"], net * asked["ratePpm"] // 1_000_000)
        expect(place + ", supplier", line["supplier"], asked["cost"] * net // asked["paid"])
        total = line["supplier"] + line["platform"] + sum(s["amount"] for s in line["shares"])
        expect(place + ", sum", total, net)
        for share in line["shares"]:
            gross = share["amount"] + share["deducted"]
            if share["ratePpm"] is not None:
                expect(place + ", " + share["rule"], gross, share["baseAmount"] * share["ratePpm"] // 1_000_000)
    return answer


def schema_validator():
    try:
        import jsonschema
        from referencing import Registry, Resource
    except ImportError:
        return None
    schemas = ROOT / "Protocol" / "schemas"
    registry = Registry(retrieve=lambda uri: Resource.from_contents(
        json.loads((schemas / uri.rsplit("/", 1)[-1]).read_text())))
    return lambda name: jsonschema.Draft202012Validator(
        {"$ref": f"settlement.json#/$defs/{name}"}, registry=registry)


def check(service):
    validator = schema_validator()
    for path in sorted((ROOT / "Protocol" / "plans").glob("*.json")):
        sent = nobody(json.loads(path.read_text()))
        status, headers, body = service.send(bytes_of(sent))
        expect(path.name, status, 200)
        if status != 200:
            print(body.decode(), file=sys.stderr)
            continue
        answer = check_answer(path.name, sent, headers, body, service.secret, validator)
        expect(path.name + ", shares", [line["shares"] for line in answer["lines"]], [[], []])
    sent = wanwu()
    good = bytes_of(sent)
    if validator:
        expect("request", [e.message for e in validator("request").iter_errors(sent)], [])
    status, headers, body = service.send(good)
    expect("wanwu", status, 200)
    answer = check_answer("wanwu", sent, headers, body, service.secret, validator)
    paid = [[(s["payee"], s["amount"]) for s in line["shares"]] for line in answer["lines"]]
    expect("wanwu, shares", paid, [[("B", 4000), ("A", 1000)], [("B", 822), ("A", 205)]])
    expect("the same again", service.send(good)[2], body)

    # A tampered answer must be noticed by whoever checks as above.
    expect("an altered answer", is_genuine(service.secret, headers, body.replace(b"4000", b"4001")), False)
    check_refusals(service, sent, good)


def check_refusals(service, sent, good):
    now = int(time.time())
    altered = good.replace(b'"paid":20000', b'"paid":90000')
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    service.refused("an altered body", 401, "signature_mismatch", False, altered, signed=good)
    service.refused("another secret", 401, "signature_mismatch", False, good, secret=other)
    service.refused("another id", 401, "signature_mismatch", False, good, headers={"webhook-id": "shop/o2/0"})
    service.refused("another time", 401, "signature_mismatch", False, good, headers={"webhook-timestamp": str(now - 9)})
    service.refused("no signature", 401, "signature_missing", False, good, headers={"webhook-signature": None})
    service.refused("no base64", 401, "signature_malformed", False, good, headers={"webhook-signature": "v1,@"})
    for offset in (-320, 320):
        service.refused(
            f"{offset} s", 401, "timestamp_outside_tolerance", False, good, timestamp=now + offset)
    service.refused("an id of another", 400, "foreign_id", True, good, message="shop/o2/0")
    service.refused("no JSON", 400, "malformed_request", True, b"{")
    service.refused("an unknown field", 400, "malformed_request", True, bytes_of({**sent, "more": 1}))
    service.refused(
        "a key twice", 400, "malformed_request", True,
        good.replace(b'{"version":1,', b'{"version":1,"version":1,', 1))
    wrong = json.loads(good)
    wrong["sale"]["lines"][1]["refunded"] = 10000
    service.refused("more back than paid", 422, "refund_exceeds_paid", True, bytes_of(wrong))
    wrong = json.loads(good)
    wrong["sale"]["lines"][0]["ratePpm"] = 400001
    service.refused("a rate out of range", 422, "rate_out_of_range", True, bytes_of(wrong))
    wrong = {**sent, "planDocument": {**sent["planDocument"], "format": 2}}
    service.refused("a malformed plan", 422, "plan_refused", True, bytes_of(wrong))
    wrong = {**sent, "plan": {"name": "wanwu", "version": 2}}
    service.refused("another version", 422, "foreign_plan", True, bytes_of(wrong))
    status, _, _ = service.send(good + b" " * 8_388_609)
    expect("a body too long", status, 413)


def check_example(service):
    """What the contract prints is what the service answers, and its signature is right."""
    text = (ROOT / "Protocol" / "commission-service.md").read_text()
    secret = text.partition("\nsecret=")[2].partition("\n")[0]
    body = text.partition("\nbody='")[2].partition("'")[0].encode()
    printed = text.partition("The last line prints `")[2].partition("`")[0]
    expect("example, signature", signature(secret, "shop/o1/0", "1700000000", body), "v1," + printed)
    sent = wanwu()
    del sent["sale"]["lines"][1]
    expect("example, answer", service.send(bytes_of(sent))[2], body)
    told = json.loads(text.rpartition("```json\n")[2].partition("```")[0].replace("{…}", "null"))
    expect("example, request", {**sent, "planDocument": None}, told)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--secret", required=True)
    options = parser.parse_args()
    service = Service(options.url, options.secret)
    check(service)
    check_example(service)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"commission service: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
