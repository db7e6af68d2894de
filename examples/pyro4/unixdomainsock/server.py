"""Listens on a socket of this computer only. Then start client.py.

Usage: python server.py PATH     (a file, or "\\0name" for an abstract one of Linux)
"""

import sys

import Pyro4

path = sys.argv[1].replace("\\0", "\0")


@Pyro4.expose
class Neighbour:
    def greet(self):
        return "hello, neighbour"


with Pyro4.Daemon(unixsocket=path) as daemon:
    print("uri =", repr(str(daemon.register(Neighbour, "neighbour"))))
    print("Pyro daemon running.")
    daemon.requestLoop()
