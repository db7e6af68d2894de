"""Shows the quotes of some symbols. Start it after aggregator.py, as often as you like.

It registers twice, first for everything: with proxies as keys, the last time counts.
"""

import Pyro4

Pyro4.config.SERIALIZER = "pickle"
Pyro4.config.SERIALIZERS_ACCEPTED.add("pickle")


class Viewer:
    def quote(self, market, symbol, price):
        print(f"{market}: {symbol} {price:.2f}")


def main():
    daemon = Pyro4.Daemon()
    viewer = Viewer()
    daemon.register(viewer)
    symbols = Pyro4.Proxy("PYRONAME:example.directory").symbols()
    print("There are", *symbols)
    aggregator = Pyro4.Proxy("PYRONAME:example.aggregator")
    aggregator.view(viewer, [])
    aggregator.view(viewer, input("Which do you want to see? ").upper().split())
    print("viewer runs")
    daemon.requestLoop()


if __name__ == "__main__":
    main()
