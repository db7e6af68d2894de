"""Watch quotes: python viewer.py [host of the name server] [number of quotes]"""

import sys

import Pyro5.api


class Viewer:
    def __init__(self, *symbols):
        self._symbols = symbols

    def watch(self, markets, number):
        """Print quotes of the markets, in turn, that are for the symbols."""
        sources = [(market.name, market.quotes()) for market in markets]
        while number > 0:
            for name, quotes in sources:
                symbol, price = next(quotes)
                if symbol in self._symbols and number > 0:
                    print(f"{name}: {symbol} {price}", flush=True)
                    number -= 1


def find_markets(host):
    with Pyro5.api.locate_ns(host) as ns:
        names = ns.list(prefix="example.stockmarket.")
    return [Pyro5.api.Proxy(uri) for _, uri in sorted(names.items())]


if __name__ == "__main__":
    markets = find_markets(sys.argv[1] if len(sys.argv) > 1 else "localhost")
    for market in markets:
        print(market.name, "has", market.symbols)
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    Viewer("FISH", "DATE", "TEAK").watch(markets, number)
