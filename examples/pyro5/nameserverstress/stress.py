"""Keep a name server busy with five threads: python stress.py [actions of each thread]

Each thread prints its digit now and then. Ctrl-C ends it early; it cleans up either way.
"""

import random
import sys
import threading

import Pyro5.api
import Pyro5.errors

THREADS = 5
actions = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
stop = threading.Event()


def stress(number):
    chance = random.Random(number)
    prefix = f"stress.{number}."
    with Pyro5.api.locate_ns() as ns:
        for action in range(actions):
            if stop.is_set():
                return
            name = prefix + str(chance.randrange(20))
            what = chance.choice(
                ["register", "register", "remove", "lookup", "list", "tag"]
            )
            try:
                if what == "register":
                    ns.register(name, f"PYRO:{name}@localhost:5555")
                elif what == "remove":
                    ns.remove(name)
                elif what == "lookup":
                    ns.lookup(name)
                elif what == "list":
                    assert all(key.startswith(prefix) for key in ns.list(prefix=prefix))
                else:
                    ns.set_metadata(name, {"stressed", f"by {number}"})
            except Pyro5.errors.NamingError:
                pass  # the name is not registered now
            if action % 50 == 0:
                print(number, end="", flush=True)


threads = [threading.Thread(target=stress, args=[number]) for number in range(THREADS)]
for thread in threads:
    thread.start()
try:
    for thread in threads:
        thread.join()
except KeyboardInterrupt:
    stop.set()
    for thread in threads:
        thread.join()
with Pyro5.api.locate_ns() as ns:
    print("\ncleaned up:", ns.remove(prefix="stress."), "names")
    print("left:", list(ns.list()))
