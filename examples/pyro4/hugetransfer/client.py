"""Sends and gets large things, with several serializers, compressed and not.

Usage: python client.py [megabytes]
"""

import sys
import time

import Pyro4

SIZE = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else 5_000_000
uri = input("uri? ").strip()


def timed(title, work):
    began = time.perf_counter()
    result = work()
    rate = SIZE / 1e6 / (time.perf_counter() - began)
    print(f"   {title}: {result} at {rate:.1f} MB/s")


for serializer in ("serpent", "marshal"):
    for Pyro4.config.COMPRESSION in (False, True):
        print(serializer, "compressed" if Pyro4.config.COMPRESSION else "as it is")
        depot = Pyro4.Proxy(uri)
        depot._pyroSerializer = serializer
        depot._pyroTimeout = 20
        timed("there", lambda d=depot: d.size("x" * SIZE))
        timed("back", lambda d=depot: len(d.text(SIZE)))
with Pyro4.Proxy(uri) as depot:
    print("bytes come as", type(depot.fetch(3)).__name__, depot.fetch(3))
