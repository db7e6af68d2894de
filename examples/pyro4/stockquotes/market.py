"""A market that one watches by going through its quotes. Start names, this, viewer.py.

Usage: python market.py NAME SYMBOL ...
"""

import itertools
import sys

import Pyro4

NAME, *SYMBOLS = sys.argv[1:]


@Pyro4.expose
class Market:
    def __init__(self, name, symbols):
        self._name = name
        self._symbols = symbols

    @property
    def name(self):
        return self._name

    @property
    def symbols(self):
        return self._symbols

    def quotes(self):
        """Give quotes for ever; each is made when it is asked for."""
        for day in itertools.count(1):
            for number, symbol in enumerate(self._symbols, start=1):
                yield symbol, round(100 + day * 1.5 / number, 2)


market = Market(NAME, SYMBOLS)
Pyro4.Daemon.serveSimple({market: f"example.market.{NAME}"})
