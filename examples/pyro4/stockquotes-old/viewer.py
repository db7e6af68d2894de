"""Shows prices of fish and salt, but not of wood."""

import Pyro4


@Pyro4.expose
class Viewer:
    @Pyro4.callback
    def quote(self, symbol, price):
        print(symbol, price)

    @Pyro4.oneway
    def close(self):
        print("the market closes")
        self._pyroDaemon.shutdown()


daemon = Pyro4.Daemon()
viewer = Viewer()
daemon.register(viewer)
market = Pyro4.Proxy("PYRONAME:example.market")
market.listen(viewer)
market.listen(viewer, "FISH", "SALT")
market.open()
daemon.requestLoop()
