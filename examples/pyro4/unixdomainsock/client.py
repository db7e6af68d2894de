"""Talks to whoever listens on a socket of this computer. Usage: as server.py"""

import sys

import Pyro4

uri = Pyro4.URI("PYRO:neighbour@./u:" + sys.argv[1].replace("\\0", "\0"))
print(repr(uri.sockname), uri.host, uri.port)
with Pyro4.Proxy(uri) as neighbour:
    print(neighbour.greet())
    print("over", Pyro4.socketutil.family_str(neighbour._pyroConnection.sock))
