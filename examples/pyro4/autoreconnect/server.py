"""Can be found at the same place after a restart. Start it, then client.py.

Usage: python server.py PORT
"""

import sys

import Pyro4


@Pyro4.expose
class Well:
    def draw(self):
        return "water"


with Pyro4.Daemon(port=int(sys.argv[1])) as daemon:
    print("uri =", daemon.register(Well, "example.well"))
    print("Pyro daemon running.")
    daemon.requestLoop()
