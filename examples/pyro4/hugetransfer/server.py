"""Takes and gives a lot. Start it, then client.py."""

import Pyro4


@Pyro4.expose
class Depot:
    def size(self, data):
        return len(data)

    def fetch(self, size):
        return b"\0" * size

    def text(self, size):
        return "ä" * size


Pyro4.Daemon.serveSimple({Depot: "example.depot"}, ns=False)
