#!/usr/bin/env python3
"""A receiver of webhooks with nothing but the standard library, against a server of its own.

usage: webhook_receiver.py [--waggle PROGRAM]

Written from Protocol/webhooks.md alone; the check of signatures is the very code that stands there. Starts the
server (.build/debug/waggle by default) in a directory of its own, sells, and looks at what it is told: signatures,
order, ids, the chain of digests, the schema where jsonschema is installed. Then it is away, drops connections,
has the server killed in between, says that it is gone, and asks for everything again. Altered, old and foreign
messages have to be noticed. Only loopback; ends within 30 seconds, whatever the server does.
Exit status: 0 all agree, 1 something does not.
"""

import argparse
import base64
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from waggle import Backend, Failure, Keys, base64url, utc

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
OLD_SECRET = "whsec_" + base64.b64encode(os.urandom(24)).decode()


def documented():
    """The function of the contract."""
    text = (ROOT / "Protocol" / "webhooks.md").read_text()
    found = {}
    exec(re.search(r"```python\n(.*?)```", text, re.S).group(1), found)
    return found["is_genuine"]


is_genuine = documented()


class Receiver:
    """Answers as `mood` says: a status, or None to drop the connection without a word."""

    def __init__(self):
        self.mood = 204
        self.arrivals = []
        self.changed = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with outer.changed:
                    mood = outer.mood
                    outer.arrivals.append((mood, self.path, headers, body))
                    outer.changed.notify_all()
                if mood is None:
                    self.close_connection = True
                    return
                self.send_response(mood)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                # A server that is killed resets its connections.
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, what, is_so):
        deadline = time.monotonic() + 10
        with self.changed:
            while not is_so():
                if not self.changed.wait(0.05) and time.monotonic() > deadline:
                    raise Failure(f"{what} did not come")

    def taken(self):
        """The ids of what was taken, in the order in which they were first taken."""
        return list(dict.fromkeys(headers["webhook-id"] for mood, _, headers, _ in self.arrivals if mood == 204))


class Server:
    """A server of this script's own."""

    def __init__(self, program, directory):
        self.output = open(directory + "/output", "w+")
        self.process = subprocess.Popen(
            [program, "serve", "--data", directory, "--port", "0"], stdin=subprocess.DEVNULL,
            stdout=self.output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"^waggle is ready on (\S+)", Path(directory + "/output").read_text(), re.M)
            if found:
                self.backend = Backend(found.group(1))
                return
            time.sleep(0.02)
        raise Failure("the server did not start: " + Path(directory + "/output").read_text())

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(10)
        self.output.close()


def same(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what} is {found!r}, not {wanted!r}")


def schema():
    try:
        import jsonschema
        from referencing import Registry, Resource
    except ImportError:
        return None
    folder = ROOT / "Protocol" / "schemas"
    registry = Registry(retrieve=lambda uri: Resource.from_contents(
        json.loads((folder / uri.rsplit("/", 1)[-1]).read_text())))
    return jsonschema.Draft202012Validator({"$ref": "webhooks.json#/$defs/event"}, registry=registry)


def digest(event):
    """What the chain says that the digest is; see Protocol/certificates.md."""
    at = datetime.fromisoformat(event["at"].replace("Z", "+00:00"))
    milliseconds = round((at - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1000)
    lines = [f"{event['sequence']}|{milliseconds}|{event['kind']}|{event['subject']}|{event['fact']}|{event['currency']}"]
    lines += [f"{posting['account']}|{posting['amount']}" for posting in event["postings"]]
    text = "".join(line + "\n" for line in lines).encode()
    return hashlib.sha256(bytes.fromhex(event["previousDigest"]) + text).hexdigest()


def check_events(receiver):
    """Everything that ever came: genuine, and the same bytes for the same id."""
    validator = schema()
    bodies = {}
    for mood, path, headers, body in receiver.arrivals:
        same("the path", path, "/hooks")
        for secret in (SECRET, OLD_SECRET):
            same("a genuine message", is_genuine(secret, headers, body), True)
        event = json.loads(body)
        same("the type", event["type"], "ledger." + event["data"]["kind"])
        same("the id", headers["webhook-id"], f"shop/books/{event['data']['sequence']}")
        same("the body of a repeat", bodies.setdefault(headers["webhook-id"], body), body)
        for error in validator.iter_errors(event) if validator else []:
            raise Failure(f"{error.json_path}: {error.message[:200]}")
    before = "0" * 64
    for number, identifier in enumerate(bodies, 1):
        event = json.loads(bodies[identifier])["data"]
        same("the order", event["sequence"], number)
        same("the sum", sum(posting["amount"] for posting in event["postings"]), 0)
        same("the digest before", event["previousDigest"], before)
        same("the digest", digest(event), event["digest"])
        before = event["digest"]
    return len(bodies)


def check_forgeries(receiver):
    """What is altered, old, foreign or broken is noticed."""
    _, _, headers, body = next(one for one in receiver.arrivals if b"ledger.sale" in one[3])
    foreign = "whsec_" + base64.b64encode(bytes(32)).decode()
    wrong = [
        ("another amount", SECRET, headers, body.replace(b"10000", b"10001")),
        ("another secret", foreign, headers, body),
        ("another id", SECRET, {**headers, "webhook-id": "shop/books/99"}, body),
        ("another time", SECRET, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, body),
        ("no base64", SECRET, {**headers, "webhook-signature": "v1,@"}, body),
        ("another version", SECRET, {**headers, "webhook-signature": headers["webhook-signature"].replace("v1", "v2")}, body),
        ("no signature", SECRET, {k: v for k, v in headers.items() if k != "webhook-signature"}, body),
        ("no number", SECRET, {**headers, "webhook-timestamp": "now"}, body),
    ]
    for what, secret, given, bytes_ in wrong:
        same(what, is_genuine(secret, given, bytes_), False)
    now = time.time
    try:
        for seconds, fits in ((-298, True), (298, True), (-302, False), (302, False)):
            time.time = lambda: int(headers["webhook-timestamp"]) + seconds
            same(f"{seconds} seconds away", is_genuine(SECRET, headers, body), fits)
    finally:
        time.time = now
    return len(wrong) + 2


def run(program, directory):
    receiver = Receiver()
    secret = base64url(os.urandom(32))
    keys = {
        "version": 1, "tokenKeys": [{"kid": "own", "algorithm": "HS256", "secret": secret}],
        "linkKeys": [{"id": 1, "secret": secret}],
        "webhooks": [{
            "id": "books", "storefront": "shop", "url": receiver.url, "secret": SECRET,
            "previousSecret": OLD_SECRET}],
    }
    with open(os.open(directory + "/keys.json", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump(keys, file)
    token = Keys("own", secret).token("desk", "shop", "backend operator")
    server = Server(program, directory)
    count = 0

    def call(method, path, body=None):
        return server.backend.call(method, path, token, body)

    def sell():
        nonlocal count
        count += 1
        now = utc(time.time())
        call("POST", "/v1/orders", {
            "order": f"o{count}", "buyer": "v", "seller": "lin", "placedAt": now,
            "lines": [{"sku": "tea", "units": 1, "paid": 10000}]})
        call("POST", f"/v1/orders/o{count}/payment", {"payment": f"p{count}", "paidAt": now})

    def arrive():
        receiver.wait(f"event {count}", lambda: f"shop/books/{count}" in receiver.taken())

    def webhook():
        return call("GET", "/v1/webhooks")["webhooks"][0]

    try:
        call("PUT", "/v1/storefront", {"name": "Shop", "plan": "fengxiang"})
        server.backend.request(
            "POST", "/v1/catalogue/import", token, type="text/csv",
            text="sku,product,supplier,title,price,cost,ratePpm\ntea,tea,sup,Tea,10000,6000,200000\n")
        call("POST", "/v1/members", {"member": "lin", "joinedAt": "2026-01-01T00:00:00Z"})
        for _ in range(5):
            sell()
        arrive()
        # Unwell, then dropping connections: later everything comes, the same to the byte.
        for mood in (503, None):
            receiver.mood = mood
            before = len(receiver.arrivals)
            sell()
            receiver.wait("an attempt", lambda: len(receiver.arrivals) > before)
            receiver.mood = 204
            arrive()
        # Killed while the receiver is away.
        receiver.mood = 503
        before = len(receiver.arrivals)
        sell()
        receiver.wait("an attempt", lambda: len(receiver.arrivals) > before)
        server.end(signal.SIGKILL)
        receiver.mood = 204
        server = Server(program, directory)
        sell()
        arrive()
        # Gone: nothing more comes, also not after another sale, until it is asked for.
        receiver.mood = 410
        before = len(receiver.arrivals)
        sell()
        receiver.wait("the last attempt", lambda: len(receiver.arrivals) > before)
        deadline = time.monotonic() + 5
        while webhook()["state"] != "stopped" and time.monotonic() < deadline:
            time.sleep(0.02)
        same("the state", webhook()["state"], "stopped")
        same("the reason", webhook()["failure"]["code"], "endpoint_gone")
        receiver.mood = 204
        sell()
        same("what came since", len(receiver.arrivals), before + 1)
        before = len(receiver.arrivals)
        call("POST", "/v1/webhooks/books/replay", {"from": 1})
        receiver.wait("everything again", lambda: len(receiver.arrivals) >= before + count)
        arrive()
        same("what was taken", receiver.taken(), [f"shop/books/{n}" for n in range(1, count + 1)])
        same("dead letters", call("GET", "/v1/webhooks/books/dead-letters")["deadLetters"], [])
        same("events", check_events(receiver), count)
        forgeries = check_forgeries(receiver)
        shown = json.dumps(call("GET", "/v1/webhooks")) + Path(directory + "/output").read_text()
        same("secrets told", [one for one in (SECRET, OLD_SECRET) if one[6:] in shown], [])
        print(f"webhooks: {count} events, {len(receiver.arrivals)} messages, {forgeries} forgeries noticed")
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)


def out_of_time(*_):
    raise Failure("the time is over")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waggle", default=str(ROOT / ".build" / "debug" / "waggle"))
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(30)
    directory = tempfile.mkdtemp(prefix="waggle-webhooks-")
    try:
        run(options.waggle, directory)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
