"""Takes the time of calls to server.py.

Usage: python client.py [calls of each kind]
"""

import sys
import time

import Pyro5.api

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000

Pyro5.config.SERIALIZER = "marshal"  # the fastest, for plain values
bench = Pyro5.api.Proxy(input("uri of the server? ").strip())
bench._pyroBind()

text = "x" * 8000
numbers = list(range(100))
table = {f"key {number}": float(number) for number in range(100)}

KINDS = {
    "no arguments": lambda: bench.nothing(),
    "an integer": lambda: bench.echo(12345),
    "a float": lambda: bench.echo(1.2345),
    "a short text": lambda: bench.echo("hello"),
    "a text of 8000": lambda: bench.echo(text),
    "bytes of 8000": lambda: bench.echo(text.encode()),
    "a list of 100": lambda: bench.echo(numbers),
    "a dict of 100": lambda: bench.echo(table),
    "keywords": lambda: bench.keywords(x=1, y=2),
    "True": lambda: bench.echo(True),
    "one way": lambda: bench.oneway(1),
    "nested lists": lambda: bench.echo([[1, 2], [3, [4, 5]]]),
}

total = 0.0
for kind, call in KINDS.items():
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    seconds = time.perf_counter() - start
    total += seconds
    print(f"{kind:15} {seconds / CALLS * 1e6:8.1f} us")
print(f"in all {total:.3f} seconds, {len(KINDS) * CALLS / total:.0f} calls per second")
