"""Counts words with one object of servers.py, and then with all that share its prefix.

Usage: python client.py [lines]
"""

import collections
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import Pyro5.api

LINES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
WORDS = ["the", "a", "of", "to", "and", "rain", "tea", "garden", "quietly", "remarkable"]


def write_text():
    """Return lines where early words of the list are more frequent."""
    chance = random.Random(7)
    weights = [1 / (place + 1) for place in range(len(WORDS))]
    return [" ".join(chance.choices(WORDS, weights, k=12)) for _ in range(LINES)]


def count_at(uri, lines):
    with Pyro5.api.Proxy(uri) as counter:
        return collections.Counter(counter.count(lines))


def count_with(uris, lines):
    """Give each of *uris* its share, all at the same time; return the sum and seconds."""
    start = time.perf_counter()
    shares = [lines[number :: len(uris)] for number in range(len(uris))]
    with ThreadPoolExecutor(len(uris)) as pool:
        total = sum(pool.map(count_at, uris, shares), collections.Counter())
    return total, time.perf_counter() - start


lines = write_text()
with Pyro5.api.locate_ns() as names:
    uris = list(names.list(prefix="example.wordcount.").values())
times = []
for some in (uris[:1], uris):
    total, seconds = count_with(some, lines)
    print(f"With {len(some)}: {seconds:.2f} seconds")
    for word, number in total.most_common(5):
        print(f"  {word}: {number}")
    times.append(seconds)
print(f"{times[0] / times[1]:.1f} times faster")
