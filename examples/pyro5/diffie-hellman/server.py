"""Agrees on a key with each client. Start names, this, then client.py.

Session mode: each connection has an object of its own, and so its own key. The multiplex
server does one thing after another, so there is no need for locks.
"""

import Pyro5.api
from diffiehellman import Exchange

Pyro5.config.SERVERTYPE = "multiplex"


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="session")
class KeyExchange:
    def __init__(self):
        self._exchange = Exchange()

    def exchange(self, public):
        """Take the client's public number, and return ours."""
        print("key:", self._exchange.key(public))
        return self._exchange.public


Pyro5.api.serve({KeyExchange: "example.dh"})
