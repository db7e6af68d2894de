"""A market whose listeners are called when a price changes. Start names, this, viewer.py.

The same as ../stockmarket, with marks and without pickle.
"""

import threading

import Pyro4


@Pyro4.expose
class Market:
    def __init__(self):
        self._listeners = {}  # proxies as keys: who listens twice is called once
        self._go = threading.Event()

    def listen(self, listener, *symbols):
        self._listeners[listener] = symbols
        print("listeners:", len(self._listeners))

    def open(self):
        self._go.set()

    def _trade(self):
        self._go.wait()
        for symbol, price in (("FISH", 87), ("WOOD", 40), ("FISH", 88), ("SALT", 3)):
            for listener, symbols in self._listeners.items():
                if symbol in symbols:
                    listener.quote(symbol, price)
        for listener in self._listeners:
            listener.close()

    def run(self):
        threading.Thread(target=self._trade, daemon=True).start()


market = Market()
market.run()
Pyro4.Daemon.serveSimple({market: "example.market"})
