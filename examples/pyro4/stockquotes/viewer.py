"""Watches all markets for some symbols, side by side, as if it were one list."""

import heapq
import itertools

import Pyro4


def found_markets():
    with Pyro4.locateNS() as names:
        for _, uri in sorted(names.list(prefix="example.market.").items()):
            yield Pyro4.Proxy(uri)


def watch(market):
    """Give the quotes of a market that are of interest."""
    name = market.name
    quotes = market.quotes()
    try:
        for symbol, price in quotes:
            if symbol in {"FISH", "SALT"}:
                yield price, symbol, name
    finally:
        quotes.close()


markets = list(found_markets())
for market in markets:
    print(market.name, "has", *market.symbols)
streams = [watch(market) for market in markets]
for price, symbol, name in itertools.islice(heapq.merge(*streams), 6):
    print(f"{name}.{symbol}: {price}")
for stream in streams:
    stream.close()
