"""Gathers the quotes of all markets for its viewers. Start it after markets.py."""

import Pyro4

Pyro4.config.SERIALIZER = "pickle"
Pyro4.config.SERIALIZERS_ACCEPTED.add("pickle")


class Aggregator:
    def __init__(self):
        self.wishes = {}  # what each viewer wants; a proxy may be a key

    def view(self, viewer, symbols):
        """Let *viewer* hear of *symbols*; who comes again changes its wish."""
        self.wishes[viewer] = symbols
        print(f"{len(self.wishes)} viewers, the last wants {' '.join(sorted(symbols))}")

    def quotes(self, market, prices):
        for symbol, price in prices.items():
            for viewer, symbols in list(self.wishes.items()):
                if symbol in symbols:
                    viewer.quote(market, symbol, price)


class Directory:
    """Knows what can be viewed."""

    def __init__(self, symbols):
        self._symbols = symbols

    def symbols(self):
        return self._symbols


def main():
    daemon = Pyro4.Daemon()
    names = Pyro4.locateNS()
    aggregator = Aggregator()
    names.register("example.aggregator", daemon.register(aggregator))
    symbols = []
    for name, uri in sorted(names.list(prefix="example.market.").items()):
        market = Pyro4.Proxy(uri)
        market.report_to(aggregator)
        symbols += market.symbols()
        print("listening to", name)
    names.register("example.directory", daemon.register(Directory(symbols)))
    print("aggregator of", len(symbols), "symbols runs")
    daemon.requestLoop()


if __name__ == "__main__":
    main()
