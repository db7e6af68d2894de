"""Has methods that fail in several ways. Start it, then client.py."""

import threading

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
        error = KeyError("who has the key?")
        error.lock = threading.Lock()  # no serializer knows what to do with it
        raise error


Pyro4.Daemon.serveSimple({Tests: "example.tests"}, ns=False)
