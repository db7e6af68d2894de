"""Counts, while the server is started again."""

import Pyro.core
from Pyro.errors import ConnectionClosedError, ProtocolError

counter = Pyro.core.getProxyForURI("PYRONAME://counter")
print(counter.count())
print(counter.count())
input("End the server, and press Enter: ")
try:
    counter.count()
except ConnectionClosedError:
    print("The connection is lost.")
try:
    counter.count()
except ProtocolError as error:
    print("Still:", error)
input("Start the server again, and press Enter: ")
counter.adapter.rebindURI(tries=5, wait=0.2)
print(counter.count())
