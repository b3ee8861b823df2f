"""PostgreSQL as a peer in settlement: a cluster of its own with the package's defaults, in a temporary
directory, on a unix socket; orders as a stored procedure under pgbench."""

import glob
import os
import re
import shutil
import subprocess
import time

from processes import Failure, tree_cpu

CLIENTS = (1, 16, 64)


class Postgres:
    name = "postgresql"
    programs = (glob.glob("/usr/lib/postgresql/15/bin") or [""])[0]

    def __init__(self, bench):
        self.bench = bench
        self.folder = os.path.join(bench.folder, "postgres")
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.folder)
        # The server refuses to be root; its own user comes with the package.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.prefix:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale=C")
        self.run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"),
                 "-o", f"-c listen_addresses= -c unix_socket_directories={self.folder}", "start")
        with open(os.path.join(self.data, "postmaster.pid")) as file:
            self.pid = int(file.readline())
        for procedure in ("settle", "settle_plain"):
            path = os.path.join(self.folder, procedure + ".sql")
            with open(path, "w") as file:
                file.write(f"SELECT {procedure}();\n")
            os.chmod(path, 0o644)

    @classmethod
    def missing(cls):
        if os.path.exists(os.path.join(cls.programs or "/nowhere", "pgbench")):
            return None
        return "postgresql-15 is not installed"

    def run(self, program, *arguments):
        done = subprocess.run(
            self.prefix + [os.path.join(self.programs, program), *arguments], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failure(f"{program}: {done.stdout[-600:]}")
        return done.stdout

    def fresh(self):
        """An empty database of the schema."""
        self.run("dropdb", "-h", self.folder, "--if-exists", "bench")
        self.run("createdb", "-h", self.folder, "bench")
        with open(os.path.join(self.bench.sources, "settlement.sql")) as file:
            schema = os.path.join(self.folder, "schema.sql")
            with open(schema, "w") as copy:
                copy.write(file.read())
        os.chmod(schema, 0o644)
        self.run("psql", "-h", self.folder, "-q", "-v", "ON_ERROR_STOP=1", "-f", schema, "bench")

    def settle(self, procedure, clients, seconds):
        """Orders a second, and microseconds of CPU per order of all its processes."""
        self.fresh()
        before = tree_cpu(self.pid)
        text = self.run(
            "pgbench", "-h", self.folder, "-n", "-M", "prepared", "-c", str(clients),
            "-j", str(min(2, clients)), "-T", str(seconds),
            "-f", os.path.join(self.folder, procedure + ".sql"), "bench")
        time.sleep(0.1)
        spent = tree_cpu(self.pid) - before
        rate = float(re.search(r"tps = ([0-9.]+)", text).group(1))
        orders = int(re.search(r"actually processed: (\d+)", text).group(1))
        return rate, spent / 1000 / max(1, orders)

    def stop(self):
        try:
            self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        except Failure as failure:
            self.bench.say(str(failure))
