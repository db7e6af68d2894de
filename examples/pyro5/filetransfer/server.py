"""Four ways to send a large file, from methods to a bare socket.

The daemon is a subclass with a second server socket and a loop of its own, which waits
for both.

    python server.py
    python client.py        (paste the URI that the server printed)
"""

import select
import sys
import threading
import uuid

import Pyro5.api
import Pyro5.socketutil

CHUNK = 64 * 1024  # bytes


@Pyro5.api.expose
class FileServer:
    def __init__(self, size):
        self.content = bytes(range(256)) * (size // 256)

    def size(self):
        return len(self.content)

    def read(self, start, length):
        """Way 1: one call for each part."""
        return self.content[start : start + length]

    def parts(self):
        """Way 2: one call, whose result is an iterator."""
        for start in range(0, len(self.content), CHUNK):
            yield self.content[start : start + CHUNK]

    def annotated_parts(self):
        """Way 3: the iterator gives numbers; the data is in the annotation FDAT.

        Annotations are not serialized, so large ones are cheap.
        """
        view = memoryview(self.content)
        for start in range(0, len(self.content), CHUNK):
            Pyro5.api.current_context.response_annotations = {
                "FDAT": view[start : start + CHUNK]
            }
            yield start

    def prepare_raw(self):
        """Way 4: return the address of a socket, and what to send there to get the file."""
        daemon = self._pyroDaemon
        ticket = uuid.uuid4().hex
        daemon.tickets[ticket] = self.content
        host, port = daemon.blobsocket.getsockname()[:2]
        return host, port, ticket


class FileDaemon(Pyro5.api.Daemon):
    """A daemon that also gives files away through a bare socket."""

    def __init__(self, host=None, port=0):
        super().__init__(host, port)
        host = self.locationStr.rpartition(":")[0].strip("[]")
        self.blobsocket = Pyro5.socketutil.create_socket(bind=(host, 0))
        self.tickets = {}

    def close(self):
        self.blobsocket.close()
        super().close()

    def requestLoop(self, loopCondition=lambda: True):
        try:
            while loopCondition():
                ready, _, _ = select.select([*self.sockets, self.blobsocket], [], [], 2)
                if self.blobsocket in ready:
                    ready.remove(self.blobsocket)
                    connection, _ = self.blobsocket.accept()
                    threading.Thread(target=self.send_file, args=[connection]).start()
                if ready:
                    self.events(ready)
        except KeyboardInterrupt:
            print("file server stopped")

    def send_file(self, connection):
        with connection:
            ticket = Pyro5.socketutil.receive_data(connection, 32).decode()
            connection.sendall(self.tickets.pop(ticket, b""))


with FileDaemon() as daemon:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    uri = daemon.register(FileServer(size), "example.files")
    print("URI of the file server:", uri, flush=True)
    daemon.requestLoop()
