"""Send large things to server.py, and get some from it: python client.py [megabytes]"""

import sys
import time

import Pyro5.api

Pyro5.config.SERPENT_BYTES_REPR = True  # bytes arrive as bytes, not in a dictionary
SIZE = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 5_000_000
CHUNK = 250_000


def report(what, size, start):
    seconds = time.perf_counter() - start
    print(f"{what}: {size} of {SIZE}, {size / seconds / 1e6:.1f} MB/s")


with Pyro5.api.Proxy(input("URI of the depot: ").strip()) as depot:
    for data in "x" * SIZE, b"x" * SIZE, bytearray(SIZE):
        start = time.perf_counter()
        report(f"sent as {type(data).__name__}", depot.take(data), start)

    start = time.perf_counter()
    received = sum(len(part) for part in depot.send(SIZE, CHUNK))
    report("received by an iterator", received, start)
