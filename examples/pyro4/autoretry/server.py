"""Hangs up on clients that are idle. Start it, then client.py."""

import Pyro4

Pyro4.config.COMMTIMEOUT = 0.3


class Daemon(Pyro4.Daemon):
    def clientDisconnect(self, conn):
        print("closed a connection")


@Pyro4.expose
class Adder:
    def add(self, first, second):
        return first + second


daemon = Daemon()
print("uri =", daemon.register(Adder, "example.adder"))
print("Pyro daemon running.")
daemon.requestLoop()
