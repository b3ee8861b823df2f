"""The peers and the floor of fan-out: each is started, given viewers, and has events published to a room."""

import os
import shutil
import socket
import subprocess
import tempfile

from processes import Feed, Load, Process, children, free_port, threads_cpu


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Peer:
    """What all of them have in common: viewers at /ROOM, an event a POST to `publish_path`."""

    publish_path = "/{room}"

    def __init__(self, bench):
        self.bench = bench
        self.folder = tempfile.mkdtemp(prefix=self.name + "-", dir=bench.folder)
        self.port = free_port()
        self.load = Load(bench.load, bench.folder, os.path.basename(self.folder))
        self.process = Process(
            self.command(), self.ready, os.path.join(bench.folder, self.name + ".log"),
            cwd=self.folder)
        self.pid = self.process.pid
        try:
            self.started()
        except BaseException:
            self.stop()
            raise

    ready = "ready"

    def started(self):
        pass

    def cpu(self):
        spent = sum(threads_cpu(self.pid).values())
        return {"process": spent, "loops": spent}

    def viewers(self, count, rooms):
        return [f"/{number % rooms}\t-\t-" for number in range(count)]

    def events(self, schedule, payload, lanes=1):
        """A feed of one event for each (due, room), over so many connections."""
        feed = Feed()
        for number, (due, room) in enumerate(schedule):
            feed.post(number % lanes, self.publish_path.format(room=room), payload, due=due,
                      type="text/plain")
        return feed

    def stop(self):
        self.load.close()
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Floor(Peer):
    """A bare send() loop in C."""

    name = "floor"

    def command(self):
        return [self.bench.program("floor"), str(self.port)]

    def events(self, schedule, payload, lanes=1):
        head = bytes([0x81, len(payload)]) if len(payload) < 126 else (
            b"\x81\x7e" + len(payload).to_bytes(2, "big"))
        frame = head + payload
        feed = Feed()
        feed.add(0, Feed.UNANSWERED, b"FRAME %d\n" % len(frame) + frame)
        for due, room in schedule:
            feed.add(0, Feed.UNANSWERED, b"%d\n" % room, due)
        return feed


class Nchan(Peer):
    """nginx with its module nchan, one worker."""

    name = "nchan"
    publish_path = "/pub/{room}"
    ready = None
    module = "/usr/lib/nginx/modules/ngx_nchan_module.so"

    def command(self):
        with open(os.path.join(self.bench.sources, "nginx.conf")) as file:
            text = file.read()
        with open(os.path.join(self.folder, "nginx.conf"), "w") as file:
            file.write(text.replace("PORT", str(self.port)).replace("MODULE", self.module))
        os.chmod(self.folder, 0o755)
        return ["nginx", "-p", self.folder, "-c", os.path.join(self.folder, "nginx.conf"),
                "-e", os.path.join(self.folder, "error.log")]

    def started(self):
        self.bench.wait_for(lambda: listens(self.port), "nginx does not listen")
        # The master listens before there is a worker.
        self.pid = self.bench.wait_for(lambda: children(self.process.pid), "nginx has no worker")[0]

    @classmethod
    def missing(cls):
        if not shutil.which("nginx"):
            return "nginx is not installed"
        return None if os.path.exists(cls.module) else "libnginx-mod-nchan is not installed"

    @staticmethod
    def version():
        return subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version}; ", "nginx", "libnginx-mod-nchan"],
            capture_output=True, text=True).stdout


class NodeWS(Peer):
    """node with the package ws."""

    name = "node-ws"

    def command(self):
        return ["node", os.path.join(self.bench.sources, "fanout.js"), str(self.port)]

    @staticmethod
    def missing():
        if not shutil.which("node"):
            return "nodejs is not installed"
        return None if os.path.exists("/usr/share/nodejs/ws") else "node-ws is not installed"

    @staticmethod
    def version():
        return subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version}; ", "nodejs", "node-ws"],
            capture_output=True, text=True).stdout
