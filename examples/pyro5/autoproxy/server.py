"""Returns new objects, which stay here: the client gets proxies. Start it, then client.py.

An object that is registered with a daemon is replaced by a proxy wherever it is sent; one
that is not registered would have to be copied.
"""

import Pyro5.api
from thingy import Thingy


@Pyro5.api.expose
class Factory:
    def __init__(self):
        self._made = 0

    def make(self):
        """Return a new thing, as a proxy."""
        self._made += 1
        thingy = Thingy(self._made)
        self._pyroDaemon.register(thingy)
        return thingy

    def make_several(self, number):
        """Proxies may be inside of other things, too."""
        return [self.make() for _ in range(number)]


Pyro5.api.serve({Factory(): "example.factory"}, use_ns=False)
