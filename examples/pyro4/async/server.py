"""A kitchen that takes its time. Start it, then client.py or loops.py."""

import time

import Pyro4


@Pyro4.expose
class Kitchen:
    def boil(self, minutes):
        """Return how hard an egg is after some minutes, which are short here."""
        time.sleep(minutes / 50)
        return f"egg of {minutes} minutes"

    def peel(self, egg):
        return f"peeled {egg}"

    def drop(self, egg):
        raise ValueError(f"{egg} fell down")

    @property
    def eggs(self):
        return 12


Pyro4.Daemon.serveSimple({Kitchen: "example.kitchen"}, ns=False)
