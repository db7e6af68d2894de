"""A server that closes connections nobody uses. Start names, this, then client.py.

Usage: python server.py [seconds]
"""

import sys

import Pyro5.api

Pyro5.config.COMMTIMEOUT = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Calculator:
    def add(self, x, y):
        print("add", x, y)
        return x + y


class TalkingDaemon(Pyro5.api.Daemon):
    def clientDisconnect(self, conn):
        print("A connection is closed.")


Pyro5.api.serve({Calculator: "example.autoretry"}, daemon=TalkingDaemon())
