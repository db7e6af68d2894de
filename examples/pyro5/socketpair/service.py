"""The object behind both ends of the socket pair."""

import os

import Pyro5.api


@Pyro5.api.expose
class Service:
    def greet(self, name):
        return f"hello, {name}"

    def process(self):
        """Return the number of the process that does this."""
        return os.getpid()
