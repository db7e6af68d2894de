"""Finds the clock. Usage: python client.py PORT, the one that the server prints."""

import sys

import Pyro.core
import Pyro.naming
from Pyro.errors import NamingError, ProtocolError, URIError

Pyro.core.initClient()

# 1. The name server knows.
ns = Pyro.naming.NameServerLocator().getNS()
print("groups:", sorted(ns.list(":")))
print("in the tower:", ns.list(":Tower"))
uri = ns.resolve(":Tower.clock")
print("by the name server:", uri.getProxy().tell())

# 2. Somebody wrote it down.
with open("clock.uri") as file:
    written = Pyro.core.PyroURI(file.read())
print("by a file:", Pyro.core.getProxyForURI(written).tell())
print("it is the same:", written == uri, written.protocol, written.address)

# 3. A text says how to find it.
by_name = Pyro.core.getProxyForURI("PYRONAME://:Tower.clock")
print("by PYRONAME:", by_name.tell())
by_place = Pyro.core.getProxyForURI(f"PYROLOC://localhost:{sys.argv[1]}/:Tower.clock")
print("by PYROLOC:", by_place.tell())

for text in ("PYRONAME://:Tower.bell", "PYRONAME://:Tower", "HTTP://localhost/x", "clock"):
    try:
        Pyro.core.getProxyForURI(text)
    except (NamingError, ProtocolError, URIError) as error:
        print(f"{text}: {type(error).__name__}: {error.args[0]}")
