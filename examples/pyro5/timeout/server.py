"""An object that may be slow, for a client that does not wait for ever.

Each in a terminal of its own:

    python -m Pyro5.nameserver
        python server.py
        python client.py
"""

import threading

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior("single")
class Clerk:
    def __init__(self):
        self._bell = threading.Event()

    def answer(self):
        return "at once"

    def think(self):
        """Do not answer before the bell rings."""
        self._bell.wait(60)
        return "after a long time"

    def ring(self):
        self._bell.set()


Pyro5.api.serve({Clerk: "example.clerk"})
