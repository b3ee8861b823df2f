"""The product under measurement: a server with a believable storefront, and orders to report.

20 rooms of 20 hosts under the plan `fengxiang`, each host brought in by somebody, 200 promoters, 200
SKUs, 5,000 buyers. Every order has a host, a promoter (half by a code, half by a visit), and an
inviter, so that it books the buyers, the supplier, the host, the promoter, the override, and the platform.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import tempfile
import time

from processes import Failure, Feed, Load, Process, call, threads_cpu

STOREFRONT = "bench"
SKUS, BUYERS, PROMOTERS, ROOMS = 200, 5000, 200, 20


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def price(sku):
    return 2000 + sku % SKUS * 137


class Product:
    """One server in a directory of its own."""

    name = "waggle"

    def __init__(self, bench, loops=1, directory=None):
        self.bench = bench
        self.directory = directory or tempfile.mkdtemp(prefix="product-", dir=bench.folder)
        self.loops = loops
        self.load = Load(bench.load, bench.folder, os.path.basename(self.directory))
        self.process = None
        self.next_order = 0
        self.pinned = {}
        self.start()

    def start(self):
        begun = time.monotonic()
        self.process = Process(
            [self.bench.waggle, "serve", "--data", self.directory, "--port", "0",
             "--loops", str(self.loops), "--drain-seconds", "1"],
            "ready on", os.path.join(self.bench.folder, "waggle.log"), timeout=120)
        self.ready_seconds = time.monotonic() - begun
        self.pid = self.process.pid
        self.port = int(self.process.first_line.rpartition(":")[2])
        with open(os.path.join(self.directory, "keys.json")) as file:
            key = next(k for k in json.load(file)["tokenKeys"] if k["algorithm"] == "HS256")
        self.kid = key["kid"]
        self.secret = base64.urlsafe_b64decode(key["secret"] + "==")
        self.staff = self.token("shop", "operator backend")

    def token(self, person, scope):
        now = int(time.time())
        parts = ({"alg": "HS256", "kid": self.kid, "typ": "JWT"},
                 {"sub": person, "sf": STOREFRONT, "scope": scope, "iat": now, "exp": now + 7200})
        text = ".".join(
            base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        mac = hmac.new(self.secret, text.encode(), hashlib.sha256).digest()
        return text + "." + base64url(mac)

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body),
                {"Authorization": "Bearer " + self.staff, "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def metrics(self):
        """Samples without labels by name."""
        _, text = self.request("GET", "/metrics")
        found = {}
        for line in text.decode().splitlines():
            name, _, value = line.rpartition(" ")
            if name and not line.startswith("#") and "{" not in name:
                found[name] = float(value)
        return found

    def cpu(self):
        """Nanoseconds: of the whole process, of its loops, of the thread that writes."""
        threads = threads_cpu(self.pid)
        loops = sum(spent for name, spent in threads.items() if "loop" in name)
        writer = sum(spent for name, spent in threads.items() if "writer" in name)
        return {"process": sum(threads.values()), "loops": loops, "writer": writer}

    def set_up(self, rooms=ROOMS, people=True, listed=SKUS):
        """Storefront, catalogue, people, live rooms with so many SKUs listed."""
        status, text = self.request(
            "PUT", "/v1/storefront", {"name": "Bench", "plan": "fengxiang", "timeZone": "Asia/Shanghai"})
        if status not in (200, 201):
            raise Failure(f"the storefront was refused: {text}")
        rows = ["sku,product,supplier,title,price,cost,ratePpm"] + [
            f"sku-{n},product-{n},supplier-{n % 10},Bench item {n},{price(n)},{price(n) // 2},"
            f"{100_000 + n % 5 * 25_000}" for n in range(SKUS)]
        feed = Feed()
        feed.post(0, "/v1/catalogue/import", "\n".join(rows).encode(), self.staff, type="text/csv")
        self.load.play(self.port, feed, 1)
        joined = utc(time.time() - 86_400)
        names = [("inviter", n, None) for n in range(ROOMS)]
        names += [("host", n, f"inviter-{n % ROOMS}") for n in range(ROOMS)]
        names += [("promoter", n, None) for n in range(PROMOTERS)]
        feed = Feed()
        for kind, number, inviter in names:
            body = {"member": f"{kind}-{number}", "joinedAt": joined}
            if inviter:
                body["inviter"] = inviter
            feed.post(0, "/v1/members", body, self.staff)
        self.load.play(self.port, feed, 1)
        feed = Feed()
        feed.open_socket(0, self.staff)
        skus = [f"sku-{n}" for n in range(listed)]
        for room in range(rooms):
            feed.call(0, call(1, "room.open", room=f"room-{room}", title="Bench",
                              host=f"host-{room % ROOMS}"))
            feed.call(0, call(2, "listing.add", room=f"room-{room}", skus=skus))
        self.load.play(self.port, feed, 8)
        if people:
            # Buyers with an odd number came by a link: the last touch in their room is a visit.
            feed = Feed()
            touched = utc(time.time())
            for buyer in range(1, BUYERS, 2):
                feed.post(buyer // 2 % 16, "/v1/touches", {
                    "viewer": f"buyer-{buyer}", "promoter": f"promoter-{buyer % PROMOTERS}",
                    "room": f"room-{buyer % rooms}", "touchedAt": touched}, self.staff)
            self.load.play(self.port, feed, 4)

    def viewers(self, count, rooms):
        """Lines of viewers, each with a token of its own, spread over the rooms."""
        lines = []
        for number in range(count):
            hello = call(1, "session.open", token=self.token(f"viewer-{number}", "viewer"))
            join = call(2, "room.join", room=f"room-{number % rooms}")
            lines.append("\t".join(
                ["/v1/socket", "waggle.v1", "-", json.dumps(hello), json.dumps(join)]))
        return lines

    def order(self, room=None, paid=False):
        """The next order's fields and those of its payment."""
        number = self.next_order
        self.next_order += 1
        buyer = (number * 7919) % BUYERS
        if room is not None:
            buyer = buyer // ROOMS * ROOMS + room % ROOMS
        room = buyer % ROOMS if room is None else room
        sku = number % SKUS
        units = 1 + number % 2
        now = utc(time.time() - 1)
        order = {
            "order": f"o-{number}", "buyer": f"buyer-{buyer}", "room": f"room-{room}",
            "lines": [{"sku": f"sku-{sku}", "units": units, "paid": price(sku) * units}],
            "placedAt": now}
        if buyer % 2 == 0:
            order["promoter"] = f"promoter-{number % PROMOTERS}"
        return order, {"payment": f"p-{number}", "paidAt": now}

    def stop(self, keep=False):
        self.load.close()
        self.process.stop()
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)
