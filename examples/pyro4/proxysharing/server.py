"""Counts who comes. Start it, then client.py."""

import time

import Pyro4


@Pyro4.expose
class Gate:
    """An object for each connection, so it can tell how many there are."""

    connections = 0

    def __init__(self):
        Gate.connections += 1

    def pass_through(self):
        time.sleep(0.05)

    def count(self):
        return Gate.connections


Pyro4.Daemon.serveSimple({Gate: "example.gate"}, ns=False)
