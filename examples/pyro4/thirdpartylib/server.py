"""Lets others use a library: the class as it is, and a class around it. Then client.py."""

import geometry
import Pyro4

Circle = Pyro4.expose(geometry.Circle)  # marks the class of the library itself


class Adapter:
    """What the library returns becomes an object that stays here."""

    def __init__(self):
        self._circle = geometry.Circle(2.0)

    @Pyro4.expose
    def scaled(self, factor):
        circle = self._circle.scaled(factor)
        self._pyroDaemon.register(circle)
        return circle


Pyro4.Daemon.serveSimple({Circle(3.0): "circle", Adapter(): "adapter"}, ns=False)
