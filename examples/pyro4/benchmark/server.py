"""Does nothing, as fast as possible. Start it, then client.py."""

import Pyro4


@Pyro4.expose
class Nothing:
    def do(self, argument=None):
        return argument

    @Pyro4.oneway
    def forget(self, argument=None):
        pass


Pyro4.Daemon.serveSimple({Nothing: "example.nothing"}, ns=False)
