"""Does not keep connections that are idle. Start it, then client.py."""

import Pyro4

Pyro4.config.COMMTIMEOUT = 0.3


class Daemon(Pyro4.Daemon):
    def clientDisconnect(self, conn):
        print("closed a connection")


@Pyro4.expose
class Bell:
    def ring(self):
        return "ding"


daemon = Daemon()
daemon._pyroHmacKey = b"bronze"
print("uri =", daemon.register(Bell, "example.bell"))
print("Pyro daemon running.")
daemon.requestLoop()
