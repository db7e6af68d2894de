"""Hands out a large file in four ways. Start it, then client.py."""

import base64
import random
import select
import socket

import Pyro4
from Pyro4 import current_context

DATA = random.Random(7).randbytes(300_000)
PIECE = 40_000


class FileDaemon(Pyro4.Daemon):
    """Has a second socket, for raw data, and a loop that serves both."""

    def __init__(self, **options):
        super().__init__(**options)
        self.raw = socket.create_server(("localhost", 0))

    def serve(self):
        while True:
            ready, _, _ = select.select([*self.sockets, self.raw], [], [], 1)
            if self.raw in ready:
                ready.remove(self.raw)
                connection, _ = self.raw.accept()
                with connection:
                    connection.sendall(DATA)
            if ready:
                self.events(ready)


@Pyro4.expose
class Files:
    def in_one_call(self):
        return DATA

    def in_pieces(self):
        for start in range(0, len(DATA), PIECE):
            yield DATA[start : start + PIECE]

    def in_annotations(self, start):
        current_context.response_annotations = {"FDAT": DATA[start : start + PIECE]}
        return start + PIECE < len(DATA)

    def over_a_socket(self):
        return self._pyroDaemon.raw.getsockname()

    def checksum(self):
        return base64.b64encode(DATA[::10_000]).decode()


daemon = FileDaemon()
print("uri =", daemon.register(Files, "example.files"))
print("Pyro daemon running.")
try:
    daemon.serve()
except KeyboardInterrupt:
    print("enough of files")
