"""Two objects with names of their own, and no name server: the URI is all a client needs.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URIs that the server printed)
"""

import itertools

import Pyro5.api


@Pyro5.api.expose
class Proverbs:
    def __init__(self, *proverbs):
        self._proverbs = itertools.cycle(proverbs)

    def next(self):
        return next(self._proverbs)


with Pyro5.api.Daemon() as daemon:
    kitchen = Proverbs("Too many cooks spoil the broth.", "Hunger is the best sauce.")
    weather = Proverbs("Every cloud has a silver lining.", "After rain comes sunshine.")
    print("URI of the kitchen proverbs:", daemon.register(kitchen, "proverbs.kitchen"))
    print("URI of the weather proverbs:", daemon.register(weather, "proverbs.weather"))
    print("ready", flush=True)
    daemon.requestLoop()
