"""Has 40 numbers factorised by the workers of dispatcher.py."""

import random

import Pyro5.api
from workitem import Workitem

ITEMS = 40

chance = random.Random(5)
with Pyro5.api.Proxy("PYRONAME:example.distributed") as dispatcher:
    for item_id in range(1, ITEMS + 1):
        dispatcher.put_work(Workitem(item_id, chance.randint(10**6, 10**8)))
    print("All work is placed. Collecting.")
    results = []
    while len(results) < ITEMS:
        item = dispatcher.get_result(timeout=1)
        if item is None:
            print(f"{len(results)} so far. Waiting; does a worker run?")
        else:
            results.append(item)
    print("left over:", *dispatcher.sizes())
for item in sorted(results, key=lambda item: item.item_id):
    print(item)
