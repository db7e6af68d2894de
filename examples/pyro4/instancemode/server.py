"""How many objects of a class there are. Start it, then client.py."""

import itertools

import Pyro4


class Counting:
    numbers = itertools.count(1)

    def __init__(self):
        self.number = next(self.numbers)
        print("a new", type(self).__name__)

    @Pyro4.expose
    def who(self):
        return f"{type(self).__name__} {self.number}"


@Pyro4.expose
class Session(Counting):
    numbers = itertools.count(1)


@Pyro4.behavior(instance_mode="percall")
class PerCall(Counting):
    numbers = itertools.count(1)


def prepare(cls):
    """Make the object, with whatever it needs."""
    single = cls()
    single.number = "from a factory"
    return single


@Pyro4.behavior(instance_mode="single", instance_creator=prepare)
class Single(Counting):
    pass


classes = {Session: "session", PerCall: "percall", Single: "single"}
Pyro4.Daemon.serveSimple(classes, ns=False)
