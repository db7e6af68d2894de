"""Two stock markets as Pyro objects; quotes travel as they are made.

Each in a terminal of its own:

    python -m Pyro5.nameserver
    python stockmarket.py [seconds between two quotes]
    python viewer.py [number of quotes]
"""

import random
import sys
import time

import Pyro5.api


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


if __name__ == "__main__":
    pause = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    north = StockMarket("north", ["SNOW", "FISH", "WOOD"], pause)
    south = StockMarket("south", ["SAND", "DATE", "TEAK"], pause)
    Pyro5.api.serve(
        {north: "example.stockmarket.north", south: "example.stockmarket.south"}
    )
