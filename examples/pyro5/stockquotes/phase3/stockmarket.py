"""Stock markets on different computers: they say where they listen.

On the computer 192.168.1.99, for instance:

    python -m Pyro5.nameserver -n 192.168.1.99
    python stockmarket.py north 192.168.1.99
    python stockmarket.py south 192.168.1.99 9093
    python viewer.py 192.168.1.99        (on any computer)
"""

import random
import sys
import time

import Pyro5.api

SYMBOLS = {"north": ["SNOW", "FISH", "WOOD"], "south": ["SAND", "DATE", "TEAK"]}


@Pyro5.api.expose
class StockMarket:
    def __init__(self, name, symbols, pause):
        self._name = name
        self._symbols = symbols
        self._pause = pause  # seconds between two quotes

    @property
    def name(self):
        return self._name

    @property
    def symbols(self):
        return list(self._symbols)

    def quotes(self):
        """Yield pairs of a symbol and its price, for ever."""
        chance = random.Random(self._name)
        prices = {symbol: chance.uniform(20, 200) for symbol in self._symbols}
        while True:
            symbol = chance.choice(self._symbols)
            prices[symbol] *= chance.uniform(0.97, 1.04)
            yield symbol, round(prices[symbol], 2)
            time.sleep(self._pause)


def main(name, host="localhost", port=9092, pause=0.5):
    market = StockMarket(name, SYMBOLS[name], float(pause))
    with Pyro5.api.Daemon(host, int(port)) as daemon:
        uri = daemon.register(market, f"stockmarket.{name}")
        with Pyro5.api.locate_ns(host) as ns:
            ns.register(f"example.stockmarket.{name}", uri)
        print(f"market {name} is open at {uri.location}", flush=True)
        daemon.requestLoop()
    print(f"market {name} is closed")


if __name__ == "__main__":
    main(*sys.argv[1:])
