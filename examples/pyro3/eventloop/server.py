"""A loop of one's own, over the daemon's sockets and others.

Usage: python server.py [single]; with it, one thread does everything.
"""

import select
import socket
import sys

import Pyro.core


class Bell(Pyro.core.ObjBase):
    def __init__(self, wire):
        Pyro.core.ObjBase.__init__(self)
        self.wire = wire
        self.phase = "own loop"

    def ring(self):
        self.wire.sendall(b"!")
        return self.phase

    def next(self, phase):
        self.phase = phase


def on_ready(ready):
    for one in ready:
        print(f"{bell.phase}:", one.recv(1).decode())


Pyro.config.PYRO_MULTITHREADED = int("single" not in sys.argv)
Pyro.core.initServer()
heard, wire = socket.socketpair()
daemon = Pyro.core.Daemon()
bell = Bell(wire)
print("uri =", daemon.connect(bell))
print("daemon running")
most = 0

# 1. select() is ours; the sockets change, so ask for them in each round.
while bell.phase == "own loop":
    sockets = daemon.getServerSockets()
    most = max(most, len(sockets))
    ready, _, _ = select.select([heard, *sockets], [], [], 0.1)
    if heard in ready:
        on_ready([heard])
    if any(one in ready for one in sockets):
        daemon.handleRequests(0)
# 2. The daemon waits for our socket, too.
while bell.phase == "one round":
    daemon.handleRequests(0.1, [heard], on_ready)

# 3. Likewise, and the loop is the daemon's.
daemon.requestLoop(lambda: bell.phase == "its loop", 0.1, [heard], on_ready)
daemon.shutdown(True)
heard.close()
wire.close()
print("connections were among the sockets:", most > 1)
