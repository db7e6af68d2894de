"""Gives a name server a lot to do, from threads that share one proxy. Start names first.

Usage: python stress.py [threads] [rounds]
"""

import random
import sys
import threading

import Pyro4
import Pyro4.naming

THREADS, ROUNDS = (*map(int, sys.argv[1:]), 4, 50)[:2]
names = Pyro4.naming.locateNS()
unknown = []


def work(number):
    chance = random.Random(number)
    mine = set()
    for _ in range(ROUNDS):
        name = f"stress.{number}.{chance.randrange(10)}"
        action = chance.choice(("register", "lookup", "remove", "list"))
        if action == "register":
            names.register(name, f"PYRO:{name}@localhost:4444")
            mine.add(name)
        elif action == "lookup":
            try:
                assert names.lookup(name).object == name
            except Pyro4.errors.NamingError:
                unknown.append(name)
                assert name not in mine
        elif action == "remove":
            assert names.remove(name) == (name in mine)
            mine.discard(name)
        else:
            assert set(names.list(prefix=f"stress.{number}.")) == mine


threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(THREADS, "threads are done; some names were unknown:", bool(unknown))
print("all was removed:", names.remove(prefix="stress.") > 0, names.list(prefix="stress."))
