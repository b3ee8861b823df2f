"""Processes that are measured, and the client that loads them.

CPU time is what the kernel has accounted to the threads of a process: the first number of
/proc/PID/task/*/schedstat, in nanoseconds. A machine that others use stretches wall time, hardly this.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Something that was expected did not happen."""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def threads_cpu(pid):
    """Nanoseconds by name of thread."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                spent = int(file.read().split()[0])
            with open(f"/proc/{pid}/task/{task}/comm") as file:
                name = file.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[name] = found.get(name, 0) + spent
    return found


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def tree_cpu(pid):
    """Nanoseconds of a process, its children, and those of its children that have ended."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) * 1_000_000_000 // TICK
    total = ended + sum(threads_cpu(pid).values())
    for child in children(pid):
        try:
            total += sum(threads_cpu(child).values())
        except FileNotFoundError:
            pass
    return total


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise Failure(f"process {pid} has no RssAnon")


class Process:
    """A process that was started here and is ended here."""

    def __init__(self, arguments, ready, log, cwd=None, timeout=20):
        self.log = log
        self.child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(log, "ab"),
            cwd=cwd, text=True)
        self.pid = self.child.pid
        self.first_line = None
        if ready:
            deadline = time.monotonic() + timeout
            while time.monotonic() < deadline:
                line = self.child.stdout.readline()
                if not line:
                    break
                if ready in line:
                    self.first_line = line.strip()
                    return
            self.stop()
            raise Failure(f"{arguments[0]} did not say {ready!r}; see {log}: {self.tail()}")

    def tail(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-600:]

    def stop(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()


class Load:
    """The load client (Tests/Load), spoken to in lines."""

    def __init__(self, program, folder, name):
        self.folder = folder
        self.name = name
        self.files = 0
        self.child = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.child.pid

    def say(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def answer(self):
        text = self.child.stdout.readline()
        if not text:
            raise Failure(f"the load client of {self.name} ended")
        found = json.loads(text)
        if "error" in found:
            raise Failure(f"load client of {self.name}: {found['error']}")
        return found

    def ask(self, line):
        self.say(line)
        return self.answer()

    def path(self):
        self.files += 1
        return os.path.join(self.folder, f"{self.name}-{self.files % 4}.feed")

    def open_viewers(self, port, lines):
        path = self.path()
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        found = self.ask(f"viewers {port} {path}")
        if found["lost"]:
            raise Failure(f"{found['lost']} viewers of {self.name} were lost: {found['complaint']}")
        return found

    def play(self, port, feed, depth=0, watch=False, may_refuse=False):
        path = self.path()
        feed.write(path)
        found = self.ask(f"feed {port} {path} {depth}" + (" watch" if watch else ""))
        if found["answered"] < feed.answerable:
            raise Failure(f"{self.name}: {found['answered']} of {feed.answerable} were answered")
        if found["refused"] and not may_refuse:
            raise Failure(f"{self.name} refused {found['refused']}: {found['complaint']}")
        return found

    def quiet(self, milliseconds=300, limit=20_000):
        return self.ask(f"quiet {milliseconds} {limit}")

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


class Feed:
    """Requests made beforehand: see Tests/Load/Feed.swift for the format."""

    HTTP, WEBSOCKET, UNANSWERED, OPENING = range(4)

    def __init__(self):
        self.records = []
        self.answerable = 0

    def add(self, lane, kind, data, due=0):
        self.records.append(struct.pack("<IIII", lane, kind, due, len(data)) + data)
        if kind in (Feed.HTTP, Feed.WEBSOCKET):
            self.answerable += 1

    def post(self, lane, path, body, token=None, due=0, method="POST", type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(
            body, separators=(",", ":"), ensure_ascii=False).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        if data:
            head += f"Content-Type: {type}\r\n"
        self.add(lane, Feed.HTTP, head.encode() + b"\r\n" + data, due)

    def open_socket(self, lane, token):
        """A lane that speaks to the product over a WebSocket."""
        self.add(lane, Feed.OPENING, (
            b"GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Protocol: waggle.v1\r\n\r\n"))
        self.add(lane, Feed.OPENING, text_frame(call(0, "session.open", token=token)))

    def call(self, lane, message, due=0):
        self.add(lane, Feed.WEBSOCKET, text_frame(message), due)

    def write(self, path):
        with open(path, "wb") as file:
            file.writelines(self.records)


def call(id, method, **parameters):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}


def text_frame(message):
    """A frame as a client sends it; its mask is zero."""
    data = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    if len(data) < 126:
        head = bytes([0x81, 0x80 | len(data)])
    elif len(data) < 65_536:
        head = bytes([0x81, 0x80 | 126]) + struct.pack(">H", len(data))
    else:
        raise Failure("a call is too long")
    return head + bytes(4) + data
