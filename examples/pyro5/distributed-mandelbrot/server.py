"""Computes rows. Start names, then one of these for each processor, then a client.

Usage: python server.py ID
"""

import sys

import mandelbrot
import Pyro5.api


@Pyro5.api.expose
class Computer:
    def row(self, *arguments):
        return mandelbrot.row(*arguments)


name = f"example.mandelbrot.{sys.argv[1]}"
with Pyro5.api.Daemon() as daemon, Pyro5.api.locate_ns() as names:
    names.register(name, daemon.register(Computer), metadata={"example.mandelbrot"})
    print("ready:", name)
    daemon.requestLoop()
    names.remove(name)
