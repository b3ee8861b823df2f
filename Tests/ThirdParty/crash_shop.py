"""The shop that crash.py and its kin run: its names, a process of the server, a backend's connection, a report.
"""

import base64
import http.client
import json
import os
import signal
import subprocess
import urllib.parse

from waggle import Failure

SECRET = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
BOOKS = "whsec_" + base64.b64encode(bytes(32)).decode()
SHOP, DELEGATED = "shop", "delegated"
ROOM = "r1"
MEMBERS = ["lin", "chen", "dong", "mei"]
VIEWERS = [f"v{index}" for index in range(12)]


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
