"""A thermostat with properties. Start it, then client.py."""

import Pyro4


class Thermostat:
    maker = "nobody sees this: only properties can be exposed"

    def __init__(self):
        self._target = 20
        self.hidden = "nor this"

    @Pyro4.expose
    @property
    def target(self):
        return self._target

    @target.setter
    def target(self, degrees):
        print("target is set to", degrees)
        self._target = degrees

    @Pyro4.expose
    @property
    def measured(self):
        return self._target - 1.5

    @property
    def unmarked(self):
        return "neither this"


Pyro4.Daemon.serveSimple({Thermostat(): "example.thermostat"}, ns=False)
