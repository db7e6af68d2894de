"""Hands out objects that stay here. Start names, this, then client.py.

Usage: python server.py [copies]

What is registered with a daemon is replaced by a proxy wherever it is sent. With "copies",
the item AUTOPROXY is off, and Pyro4 sends what it can of the object itself.
"""

import sys

import Pyro4

Pyro4.config.AUTOPROXY = "copies" not in sys.argv


@Pyro4.expose
class Lamp:
    def __init__(self, room):
        self.room = room

    def switch_on(self):
        print("light in the", self.room)


@Pyro4.expose
class House:
    def lamp(self, room):
        lamp = Lamp(room)
        self._pyroDaemon.register(lamp)
        return {"for you": [lamp]}


Pyro4.Daemon.serveSimple({House: "example.house"})
