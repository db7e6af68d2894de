"""Has methods that fail in several ways. Start it, then client.py."""

import Pyro4


class OwnError(Exception):
    """An error that clients do not know."""


@Pyro4.expose
class Tests:
    def divide(self, first, second):
        return first // second

    def own(self):
        raise OwnError("mine")

    def decorated(self):
        error = LookupError("where is it?")
        error.hint = "in the cellar"
        raise error

    def closed(self):
        with open("no such file") as file:
            return file.read()

    def unserializable(self):
        return object.__new__(type("Thing", (), {"__slots__": ()})), lambda: 0


Pyro4.Daemon.serveSimple({Tests: "example.tests"}, ns=False)
