"""Puts numbers on the desk, and waits for what the workers make of them."""

import Pyro4
from item import Item, teach

teach()
desk = Pyro4.Proxy("PYRONAME:example.desk")
numbers = range(999_990, 1_000_000)
for number in numbers:
    desk.put(Item(number))
results = [desk.result() for _ in numbers]
for item in sorted(results, key=lambda item: item.number):
    print(item.number, "=", " * ".join(map(str, item.factors)))
