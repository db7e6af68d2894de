"""Two stock markets. Start names with PYRO_SERIALIZERS_ACCEPTED=pickle, then this.

Usage: python markets.py [seconds between quotes]

The name server takes pickle only, since all programs here speak it. The classes have no
marks: see ../warehouse.
"""

import random
import sys
import threading
import time

import Pyro4

Pyro4.config.SERIALIZER = "pickle"
Pyro4.config.SERIALIZERS_ACCEPTED.add("pickle")

PAUSE = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5


class Market:
    """A place where prices change all the time."""

    def __init__(self, name, **prices):
        self.name = name
        self.prices = prices
        self.boards = []

    def symbols(self):
        return list(self.prices)

    def report_to(self, board):
        print(f"{self.name} reports to another board, a {type(board).__name__}")
        self.boards.append(board)

    def trade(self):
        """Let one price change and tell it, on and on."""
        while True:
            time.sleep(PAUSE)
            symbol = random.choice(self.symbols())
            self.prices[symbol] = round(self.prices[symbol] * random.uniform(0.9, 1.1), 2)
            print(f"{self.name} traded {symbol}")
            for board in self.boards:
                board.quotes(self.name, {symbol: self.prices[symbol]})


def main():
    markets = [
        Market("Lisbon", CORK=14.5, SALT=3.2),
        Market("Oslo", FISH=87.1, WOOD=40.0, SNOW=0.5),
    ]
    daemon = Pyro4.Daemon()
    names = Pyro4.locateNS()
    for market in markets:
        names.register(f"example.market.{market.name}", daemon.register(market))
        threading.Thread(target=market.trade, daemon=True).start()
    print("the markets are open")
    daemon.requestLoop()


if __name__ == "__main__":
    main()
