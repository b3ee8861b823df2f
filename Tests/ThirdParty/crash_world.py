"""A data directory with its shop, what was reported to it, and what was heard of it.
"""

import collections
import json
import os
import subprocess
import tempfile

from crash_checks import Checks
from crash_load import Load
from crash_shop import BOOKS, DELEGATED, MEMBERS, ROOM, SECRET, SHOP, Line, Process
from crash_witness import Revoked
from waggle import Failure, Keys, Socket


class World(Load, Checks):
    """A data directory, what was reported to it, and what was heard of it."""

    def __init__(self, options, service, folder, chance, endpoint=None):
        self.options, self.chance = options, chance
        self.data = tempfile.mkdtemp(dir=folder)
        self.log = open(os.path.join(folder, "log"), "ab")
        self.keys = Keys("own", SECRET)
        self.facts, self.fresh = [], []
        self.pins, self.pin_in_flight = [None], []
        self.pins_made = 0
        self.locks, self.touch_in_flight = {}, None
        self.revoked = Revoked()
        self.acknowledged = collections.Counter()
        self.witness = None
        self.purchases = {}
        self.epoch, self.offset, self.seen = None, 0, collections.Counter()
        # Where the follower was when the load began, and what it was told since.
        self.mark, self.heard = 0, []
        self.refusals = collections.Counter()
        self.answered = 0
        self.faults = []
        self.round = 0
        self.url = None
        secret = {"secret": SECRET}
        file = {
            "version": 1, "tokenKeys": [{"kid": "own", "algorithm": "HS256", **secret}],
            "linkKeys": [{"id": 1, **secret}],
            "commissionKeys": [
                {"id": "books", "secret": BOOKS, "url": service, "storefronts": [DELEGATED]}]}
        if endpoint:
            self.witness, entry = endpoint.open(SHOP, chance.getrandbits(64))
            file["webhooks"] = [entry]
        path = os.path.join(self.data, "keys.json")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump(file, out)
        server = self.start()
        server.ready() or self.give_up()
        self.url = server.url
        self.furnish()
        server.end()

    def start(self, point=None):
        environment = {"WAGGLE_FAILPOINT": point} if point else {}
        return Process(
            # A disk that is nearly full is not what is tried here, and the tried disk is small.
            [self.options.waggle, "serve", "--data", self.data, "--port", "0",
             "--disk-free-mib", "0"], self.log,
            **environment)

    def give_up(self):
        self.log.flush()
        with open(self.log.name, "rb") as log:
            raise Failure("the server does not start: " + log.read()[-400:].decode(errors="replace"))

    def verify(self):
        result = subprocess.run(
            [self.options.waggle, "verify", "--data", self.data], stdin=subprocess.DEVNULL,
            capture_output=True)
        if result.returncode != 0:
            raise Failure(f"verify: {result.returncode} {result.stdout + result.stderr}")

    def furnish(self):
        for storefront in (SHOP, DELEGATED):
            line = Line(self, storefront)
            settings = {"name": storefront, "plan": "fengxiang"}
            if storefront == DELEGATED:
                settings["settlement"] = "books"
            line.done("PUT", "/v1/storefront", settings)
            if storefront == SHOP:
                rows = "sku,product,supplier,title,price,cost,ratePpm,stock\n" + "".join(
                    f"{sku},{sku},sup,{sku},{price},{price // 2},{rate},\n"
                    for sku, price, rate in [
                        ("tea", 10_000, 200_000), ("cup", 3_333, 123_457), ("pot", 99_999, 400_000)])
                line.done("POST", "/v1/catalogue/import", text=rows, type="text/csv")
            for index, member in enumerate(MEMBERS):
                body = {"member": member, "joinedAt": "2026-01-01T00:00:00Z"}
                if index:
                    body["inviter"] = MEMBERS[index - 1]
                line.done("POST", "/v1/members", body)
            host = self.session("lin", "host", storefront)
            host.call("room.open", room=ROOM, title="Tea", pactPpm=300_000)
            host.call("listing.add", room=ROOM, skus=["tea", "cup", "pot"])
            host.close()

    def session(self, person, scope, storefront=SHOP):
        socket = Socket(self.url, f"{scope} {person}")
        socket.call("session.open", token=self.keys.token(person, storefront, scope))
        return socket
