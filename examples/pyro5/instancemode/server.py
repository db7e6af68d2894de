"""Who gets which object: a new one for each call, one for each session, or one for all.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URIs that the server printed)
"""

import itertools

import Pyro5.api

numbers = {"percall": itertools.count(1), "session": itertools.count(1)}


class Ticket:
    """Knows the number it was made with, and how often it was asked."""

    def __init__(self, number=0):
        self.number = number
        self.asked = 0

    @Pyro5.api.expose
    def ask(self):
        self.asked += 1
        return f"object {self.number}, asked {self.asked} times"


@Pyro5.api.behavior("percall", instance_creator=lambda cls: cls(next(numbers["percall"])))
class PerCall(Ticket):
    """A new object for each call."""


@Pyro5.api.behavior("session", instance_creator=lambda cls: cls(next(numbers["session"])))
class PerSession(Ticket):
    """An object for each connection of a proxy."""


@Pyro5.api.behavior("single")
class Single(Ticket):
    """The same object for everybody."""


Pyro5.api.serve(
    {PerCall: "example.percall", PerSession: "example.session", Single: "example.single"},
    use_ns=False,
)
