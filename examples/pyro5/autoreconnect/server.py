"""A server that clients find again after a restart. Start it, then client.py.

Usage: python server.py [port]

A client that reconnects asks for the same object at the same place, so the port and the id
of the object are fixed.
"""

import sys

import Pyro5.api


@Pyro5.api.expose
class Relay:
    def forward(self, number):
        print("forward", number)
        return f"{number} arrived"


port = int(sys.argv[1]) if len(sys.argv) > 1 else 7777
with Pyro5.api.Daemon(port=port) as daemon:
    print("uri =", daemon.register(Relay, objectId="example.relay"))
    print("Stop me with Ctrl-C, and start me again.")
    daemon.requestLoop()
