"""Closes connections that are idle. Start it, then client.py.

Usage: python server.py [seconds]

With PYRO_LOGLEVEL=DEBUG and PYRO_LOGFILE={stderr} in the environment you see more.
"""

import sys

import Pyro5.api

Pyro5.config.COMMTIMEOUT = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0


@Pyro5.api.expose
class Echo:
    def echo(self, message):
        print("echo", message)
        return message


class TalkingDaemon(Pyro5.api.Daemon):
    def clientDisconnect(self, conn):
        print("A connection is closed.")


Pyro5.api.serve({Echo: "example.disconnects"}, use_ns=False, daemon=TalkingDaemon())
