"""A demonstration server of a test's own: started, restarted on the same port and data, ended.

Ends only the process that it started.
"""

import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

START_SECONDS = 30


class DemoServer:
    """`waggle demo` on a free port of the loopback address, in a directory that is removed at the end."""

    def __init__(self, waggle, viewers, orders):
        self.waggle = waggle
        self.crowd = ["--viewers", str(viewers), "--orders", str(orders)]
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="waggle-console-"))
        self.output = self.data / "output"
        self.process = None
        self.url = None
        self._start(port=0)

    def _start(self, port):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [self.waggle, "demo", "--data", str(self.data / "store"), "--port", str(port)]
                + self.crowd,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            for line in self.output.read_text(errors="replace").splitlines():
                if line.startswith("waggle is ready on "):
                    self.url = line.removeprefix("waggle is ready on ")
                    return
            time.sleep(0.05)
        told = self.output.read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"the server does not start: {told[-2000:]}")

    def restart(self):
        """Ends it as an operator would and starts it again where it was."""
        port = int(self.url.rsplit(":", 1)[1])
        self._end()
        self._start(port)

    def _end(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def stop(self):
        self._end()
        shutil.rmtree(self.data, ignore_errors=True)
