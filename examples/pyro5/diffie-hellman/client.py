"""Agrees on a key with server.py. The numbers are large; they travel as they are."""

import Pyro5.api
from diffiehellman import Exchange

exchange = Exchange()
with Pyro5.api.Proxy("PYRONAME:example.dh") as server:
    servers_public = server.exchange(exchange.public)
print("numbers of over 300 digits:", len(str(servers_public)) > 300)
print("key:", exchange.key(servers_public))
