"""What crash.py sees from outside besides the answers: an endpoint of webhooks and people whose tokens are taken back.

The endpoint lives in the driver's process, so it outlives every server; it knows the contract of
Protocol/webhooks.md and nothing else. It takes most of what it is sent, now and then it is unwell, and
now and then it takes an event and the connection is gone before its answer.
"""

import base64
import collections
import http.server
import json
import random
import threading
import time

from waggle import Failure, Socket
from webhook_receiver import is_genuine

HOOKS = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
PAGE = 100


class Ledger:
    """What one data directory's endpoint was told, by sequence."""

    def __init__(self, storefront, endpoint, chance):
        self.prefix = f"{storefront}/{endpoint}/"
        self.chance = chance
        self.taken = {}
        self.repeats, self.refused = 0, 0
        self.last = 0
        self.faults = []
        self.checked = 0

    def arrived(self, headers, body):
        """What to answer: a status, or None for nothing at all."""
        identifier = headers.get("webhook-id", "")
        if not is_genuine(HOOKS, headers, body):
            self.faults.append(f"a webhook {identifier} that is not genuine")
            return 400
        event = json.loads(body)
        sequence = event["data"]["sequence"]
        if identifier != f"{self.prefix}{sequence}":
            self.faults.append(f"event {sequence} has the id {identifier}")
        known = self.taken.get(sequence)
        if known is not None and known != body:
            self.faults.append(f"{identifier} has another body than before")
        if sequence > self.last + 1:
            self.faults.append(f"{identifier} was sent after event {self.last}")
        dice = self.chance.random()
        if dice < 0.02:
            self.refused += 1
            return 503
        self.repeats += known is not None
        self.taken[sequence] = body
        self.last = max(self.last, sequence)
        return None if dice < 0.03 else 204

    def check(self, line, whole=False):
        """Holds what was told against the ledger, once all of it has been told."""
        deadline = time.monotonic() + 20
        while True:
            sequence = line.done("GET", "/v1/ledger")["sequence"]
            seen = line.done("GET", "/v1/webhooks")["webhooks"][0]
            if seen["delivered"] == sequence:
                break
            if time.monotonic() > deadline:
                raise Failure(f"after 20 s an endpoint is at {json.dumps(seen)[:400]} of {sequence}")
            time.sleep(0.02)
        if seen["dead"]:
            raise Failure(f"{seen['dead']} events were given up")
        if self.faults:
            raise Failure("; ".join(self.faults[:5]))
        beyond = [number for number in self.taken if number > sequence]
        if beyond:
            raise Failure(f"the endpoint was told of {beyond[:5]}, the ledger ends at {sequence}")
        place = 1 if whole else self.checked + 1
        while place <= sequence:
            page = line.done(
                "GET", f"/v1/ledger/transactions?from={place}&to={sequence}&limit={PAGE}")["transactions"]
            if not page:
                raise Failure(f"the ledger has nothing from {place} to {sequence}")
            for entry in page:
                if entry["sequence"] != place:
                    raise Failure(f"{entry['sequence']} stands where {place} is next")
                if place not in self.taken:
                    raise Failure(f"the endpoint was never told of {place}")
                told = json.loads(self.taken[place])["data"]
                told.pop("storefront")
                if told != entry:
                    raise Failure(f"{place} was told as {json.dumps(told)[:300]}, it is {json.dumps(entry)[:300]}")
                place += 1
        self.checked = sequence


class Endpoint:
    """The receiver: one path for each data directory."""

    def __init__(self):
        self.ledgers = {}
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with outer.lock:
                    ledger = outer.ledgers.get(self.path)
                    status = ledger.arrived(headers, body) if ledger else 410
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
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
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def open(self, storefront, seed):
        """A path for a new data directory, what it will be told, and its entry in the key file."""
        path = f"/hooks/{len(self.ledgers) + 1}"
        ledger = Ledger(storefront, "books", random.Random(seed))
        with self.lock:
            self.ledgers[path] = ledger
        entry = {"id": "books", "storefront": storefront, "url": self.url + path, "secret": HOOKS, "from": 1}
        return ledger, entry

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Revoked:
    """People whose tokens were taken back, and the tokens that they still hold."""

    def __init__(self):
        self.tokens = {}
        self.checked = collections.Counter()

    def check(self, url, line_of, session_of, free):
        """Nobody comes in with a token that was acknowledged as revoked; somebody else still does.

        `line_of` makes a connection with a token; `session_of` opens a session with one.
        """
        for person, (backend, viewer) in list(self.tokens.items()):
            status, _, answer = line_of(backend).request("GET", "/v1/storefront")
            if (status, answer.get("code")) != (401, "token_revoked"):
                raise Failure(f"{person} was revoked and reads the storefront: {status} {answer}")
            try:
                session_of(viewer).close()
            except Failure as failure:
                if "token_revoked" not in str(failure):
                    raise
            else:
                raise Failure(f"{person} was revoked and has a session")
            self.checked["refused"] += 1
        status, _, answer = line_of(free).request("GET", "/v1/storefront")
        if status != 200:
            raise Failure(f"one who was not revoked is refused: {status} {answer}")
