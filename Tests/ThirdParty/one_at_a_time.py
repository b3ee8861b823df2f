"""TLS sockets that two threads may use at once.

`websockets.sync` reads in a thread of its own while others write. OpenSSL forbids two calls into one
session at once (openssl-threads(7)), and Python's `ssl` lets other threads run inside each call; most
versions have no lock for a session. So now and then a first request is lost between the thread that
writes it and the one that takes in what the server sends after its handshake, whatever the server.
Here the calls take turns, and nobody waits for the network inside one.
"""

import select
import ssl
import threading


class OneAtATimeSocket(ssl.SSLSocket):
    """An SSLSocket whose session is used by one thread at a time."""

    def do_handshake(self, *arguments):
        # Before anybody else can have the socket; what the class keeps is set up here.
        super().do_handshake(*arguments)
        self._turn = threading.Lock()
        self._patience = self.gettimeout()
        super().settimeout(0)

    def settimeout(self, value):
        if hasattr(self, "_turn"):
            self._patience = value
        else:
            super().settimeout(value)

    def _take_turns(self, call, *arguments):
        while True:
            try:
                with self._turn:
                    return call(*arguments)
            except ssl.SSLWantReadError:
                wanted = select.POLLIN
            except ssl.SSLWantWriteError:
                wanted = select.POLLOUT
            poll = select.poll()
            poll.register(self.fileno(), wanted)
            # A socket that another thread shuts down becomes ready as well.
            if not poll.poll(None if self._patience is None else self._patience * 1000):
                raise TimeoutError("timed out")

    def recv(self, size=1024, flags=0):
        return self._take_turns(super().recv, size, flags)

    def send(self, data, flags=0):
        return self._take_turns(super().send, data, flags)

    def shutdown(self, how):
        with self._turn:
            super().shutdown(how)


def context():
    """Trusts what SSL_CERT_FILE names; makes sockets that two threads may use."""
    made = ssl.create_default_context()
    made.sslsocket_class = OneAtATimeSocket
    return made
