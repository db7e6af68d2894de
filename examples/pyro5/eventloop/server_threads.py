"""A loop of our own over name server, beacon and daemon. Start it, then client.py.

The servers are threaded: the loop gives new connections to them, threads do the rest. A
loop of yours may wait for other things, too.
"""

import select

import Pyro5.api
from parts import make_parts

Pyro5.config.SERVERTYPE = "thread"


def serve(names_daemon, beacon, daemon):
    while True:
        everything = [*names_daemon.sockets, *daemon.sockets, beacon]
        ready, _, _ = select.select(everything, [], [], 3)
        if not ready:
            print("Waiting for an event.")
        if beacon in ready:
            print("somebody asks for the name server")
            beacon.processRequest()
        for server, what in ((names_daemon, "the name server"), (daemon, "the daemon")):
            sockets = [sock for sock in ready if sock in server.sockets]
            if sockets:
                print("something for", what)
                server.events(sockets)


parts = make_parts()
print("beacon port:", parts[1].getPort())
print("ready")
try:
    serve(*parts)
except KeyboardInterrupt:
    print("stopped")
for part in parts:
    part.close()
