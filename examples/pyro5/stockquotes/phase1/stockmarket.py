"""A stock market that makes up its quotes."""

import random
import time


class StockMarket:
    def __init__(self, name, symbols, pause):
        self._name = name
        self._symbols = symbols
        self._pause = pause  # seconds between two quotes

    def name(self):
        return self._name

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
