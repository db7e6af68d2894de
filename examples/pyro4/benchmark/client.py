"""How many calls a second? Usage: python client.py [seconds for each kind]"""

import sys
import time

import Pyro4

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
uri = input("uri? ").strip()


def measure(title, work):
    """Do *work* for a while, which says how many calls it made."""
    calls = work()
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS:
        calls += work()
    print(f"{title:>20}: {calls / passed:8.0f} per second")


def in_batches():
    for _ in range(100):
        batch.do()
    return len(list(batch()))


def connect():
    with Pyro4.Proxy(uri) as fresh:
        fresh._pyroBind()
    return 1


for serializer in ("serpent", "json", "marshal"):
    proxy = Pyro4.Proxy(uri)
    proxy._pyroSerializer = serializer
    measure(serializer, lambda proxy=proxy: proxy.do({"a": [1, 2.5]}) and 1)
measure("one-way", lambda: proxy.forget(1) or 1)
batch = Pyro4.batch(Pyro4.Proxy(uri))
measure("in batches of 100", in_batches)
measure("connections", connect)
