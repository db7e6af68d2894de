"""Can be found again after a restart. Start it, then client.py.

Usage: python server.py PORT     always at the same place
       python server.py named    always under the same name; needs names
"""

import sys

import Pyro4


@Pyro4.expose
class Well:
    def draw(self):
        return "water"


port = 0 if sys.argv[1] == "named" else int(sys.argv[1])
with Pyro4.Daemon(port=port) as daemon:
    uri = daemon.register(Well, "example.well")
    if not port:
        with Pyro4.locateNS() as names:
            names.register("example.well", uri)
    print("uri =", uri)
    print("Pyro daemon running.")
    daemon.requestLoop()
