"""Watch the quotes of some symbols, on two markets; all in one process, without Pyro.

Run it:

    python viewer.py [number of quotes] [pause of the markets, in seconds]
"""

import sys

from stockmarket import StockMarket


class Viewer:
    def __init__(self, *symbols):
        self._symbols = symbols

    def watch(self, markets, number):
        """Print quotes of the markets, in turn, that are for the symbols."""
        sources = [(market.name(), market.quotes()) for market in markets]
        while number > 0:
            for name, quotes in sources:
                symbol, price = next(quotes)
                if symbol in self._symbols and number > 0:
                    print(f"{name}: {symbol} {price}", flush=True)
                    number -= 1


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    north = StockMarket("north", ["SNOW", "FISH", "WOOD"], pause)
    south = StockMarket("south", ["SAND", "DATE", "TEAK"], pause)
    for market in north, south:
        print(market.name(), "has", market.symbols())
    Viewer("FISH", "DATE", "TEAK").watch([north, south], number)
