"""Asks anybody who can divide, each time somebody else perhaps."""

import Pyro4

seen = set()
tries = 0
while len(seen) < 2 and tries < 200:
    with Pyro4.Proxy("PYROMETA:example.can.divide") as anybody:
        who, rest = anybody.work(1000)
    seen.add(who)
    tries += 1
print(1000, "mod 97 is", rest)
print("done by", *sorted(seen))
