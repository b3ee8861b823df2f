"""A client of the Waggle protocol in Python, written from Protocol/ alone.

Standard library and `websockets`. Shared by the scripts beside it.
"""

import base64
import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
import urllib.parse

from one_at_a_time import context

LOSSLESS = {"room.event", "session.closing"}


class Failure(Exception):
    """Something that was expected did not happen."""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Keys:
    """Makes tokens with a shared secret."""

    def __init__(self, key_id, secret):
        self.key_id = key_id
        self.secret = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))

    def token(self, sub, storefront, scope, fault=None, lifetime=3600):
        now = int(time.time())
        header = {"alg": "HS256", "kid": self.key_id, "typ": "JWT"}
        claims = {"sub": sub, "sf": storefront, "scope": scope, "iat": now, "exp": now + lifetime}
        if fault == "unknown_key":
            header["kid"] = "nobody"
        elif fault == "algorithm_mismatch":
            header["alg"] = "none"
        elif fault == "missing_claim":
            del claims["scope"]
        elif fault == "expired":
            claims["exp"] = now - 60
        elif fault == "not_yet_valid":
            claims["nbf"] = now + 3600
            claims["exp"] = now + 7200
        elif fault == "malformed":
            return "not.a token"
        text = ".".join(
            base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        mac = hmac.new(self.secret, text.encode(), hashlib.sha256).digest()
        if fault == "bad_signature":
            mac = bytes([mac[0] ^ 1]) + mac[1:]
        return text + "." + base64url(mac)


class Backend:
    """HTTP, one connection a request. Over https whom to trust comes from SSL_CERT_FILE."""

    def __init__(self, url, timeout=10):
        parts = urllib.parse.urlsplit(url)
        self.host = parts.netloc
        self.connection = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection)
        self.timeout = timeout

    def request(self, method, path, token=None, body=None, text=None, type=None, headers=()):
        """Status, headers with lower-case names, and the body's bytes."""
        sent = dict(headers)
        data = None
        if token:
            sent["Authorization"] = "Bearer " + token
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        elif text is not None:
            data = text.encode()
            sent["Content-Type"] = type or "application/json"
        connection = self.connection(self.host, timeout=self.timeout)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()
        finally:
            connection.close()

    def call(self, method, path, token, body=None, status=None):
        """The JSON answer of a request that has to succeed (or end with `status`)."""
        got, _, data = self.request(method, path, token, body)
        if got != status if status else got not in (200, 201):
            raise Failure(f"{method} {path}: {got} {data.decode(errors='replace')}")
        return json.loads(data)


class Socket:
    """One WebSocket connection, read by a thread of its own into three queues."""

    def __init__(self, url, name="socket"):
        from websockets.sync.client import connect

        parts = urllib.parse.urlsplit(url)
        scheme, tls = ("wss", context()) if parts.scheme == "https" else ("ws", None)
        self.name = name
        self.socket = connect(
            f"{scheme}://{parts.netloc}/v1/socket", subprotocols=["waggle.v1"], open_timeout=10,
            max_size=None, compression=None, proxy=None, ssl=tls)
        self.answers = {}
        self.lossless = []
        self.conflated = {}
        self.closed = None
        self.next_id = 0
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        from websockets.exceptions import ConnectionClosed

        try:
            for text in self.socket:
                message = json.loads(text)
                with self.changed:
                    self._sort(message)
                    self.changed.notify_all()
            code = self.socket.protocol.close_code
        except ConnectionClosed:
            code = self.socket.protocol.close_code
        except Exception as error:  # whatever ends the reading is told to who waits
            code = repr(error)
        with self.changed:
            self.closed = code if code is not None else 1006
            self.changed.notify_all()

    def _sort(self, message):
        if isinstance(message, list):
            if message and "id" in message[0]:
                self.answers.setdefault("batch", []).append(message)
                return
            for one in message:
                self._sort(one)
        elif "id" in message:
            self.answers.setdefault(json.dumps(message["id"]), []).append(message)
        elif message["method"] in LOSSLESS:
            self.lossless.append(message)
        else:
            self.conflated.setdefault(message["method"], []).append(message)

    def wait(self, what, find, timeout=5):
        """The first thing that `find` returns, which is called under the lock after every message."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                found = find()
                if found is not None:
                    return found
                if self.closed is not None:
                    raise Failure(f"{self.name} was closed with {self.closed} before {what} came")
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    if time.monotonic() >= deadline:
                        raise Failure(f"{self.name}: {what} did not come within {timeout} s")

    def answer(self, id, timeout=5):
        key = id if id == "batch" else json.dumps(id)

        def find():
            waiting = self.answers.get(key)
            return waiting.pop(0) if waiting else None

        return self.wait(f"the answer to {id}", find, timeout)

    def event(self, timeout=5):
        """The next lossless push."""
        return self.wait(
            "an event", lambda: self.lossless.pop(0) if self.lossless else None, timeout)

    def figures(self, method, fits, timeout=5):
        """The next conflated push of a method that fits; others are dropped."""
        last = [None]

        def find():
            waiting = self.conflated.get(method, [])
            while waiting:
                last[0] = waiting.pop(0)
                if fits(last[0]):
                    return last[0]
            return None

        try:
            return self.wait(f"a fitting {method}", find, timeout)
        except Failure as failure:
            raise Failure(f"{failure}; the last was {json.dumps(last[0])}") from None

    def wait_closed(self, timeout=5):
        deadline = time.monotonic() + timeout
        with self.changed:
            while self.closed is None:
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    if time.monotonic() >= deadline:
                        raise Failure(f"{self.name} was not closed within {timeout} s")
            return self.closed

    def send(self, message):
        self.socket.send(json.dumps(message, ensure_ascii=False))

    def call(self, method, **params):
        """The result of a request that has to succeed."""
        answer = self.attempt(method, **params)
        if "error" in answer:
            raise Failure(f"{self.name}: {method}: {json.dumps(answer['error'])}")
        return answer["result"]

    def attempt(self, method, **params):
        """The whole answer to a request."""
        self.next_id += 1
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        return self.answer(self.next_id)

    def refusal(self, method, **params):
        """The stable code of a request that has to be refused."""
        answer = self.attempt(method, **params)
        if "error" not in answer:
            raise Failure(f"{self.name}: {method} was not refused: {json.dumps(answer)}")
        return answer["error"]["data"]["code"]

    def close(self):
        self.socket.close()
