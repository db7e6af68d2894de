"""Has numbers factorised by whoever can: each time a worker is chosen by chance.

Usage: python client.py [numbers]

A PYROMETA address says what is wanted; the name server's list says who has that tag.
"""

import collections
import random
import sys

import Pyro5.api

NUMBERS = int(sys.argv[1]) if len(sys.argv) > 1 else 100

chance = random.Random(11)
shares = collections.Counter()
for _ in range(NUMBERS):
    number = chance.randint(10**5, 10**7)
    with Pyro5.api.Proxy("PYROMETA:example.factorising") as worker:
        object_id, factors = worker.factorise(number)
    print(f"{object_id}: {number} = {' * '.join(map(str, factors))}")
    shares[object_id] += 1
print(f"{len(shares)} workers did that")
