"""Says what became of a time on its way. Start it, then client.py.

Times of day with a zone keep it with pickle; the other serializers make text of them.
"""

import Pyro4

Pyro4.config.SERIALIZERS_ACCEPTED = {"serpent", "json", "pickle"}


@Pyro4.expose
class Clock:
    def echo(self, moment):
        print(type(moment).__name__, moment)
        return moment


Pyro4.Daemon.serveSimple({Clock: "example.clock"}, ns=False)
