"""One of several that can do the same. Start names, some of these, then client.py.

Usage: python worker.py NAME
"""

import sys

import Pyro4


@Pyro4.expose
class Worker:
    def work(self, number):
        return sys.argv[1], number % 97


with Pyro4.Daemon() as daemon, Pyro4.locateNS() as names:
    uri = daemon.register(Worker)
    names.register(f"example.worker.{sys.argv[1]}", uri, metadata={"example.can.divide"})
    print("Pyro daemon running.")
    daemon.requestLoop()
