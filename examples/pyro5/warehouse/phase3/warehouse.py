"""A place where everybody may leave and take things, found by its name.

Each in a terminal of its own:

    python -m Pyro5.nameserver
    python warehouse.py
    python visit.py
"""

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior("single")
class Warehouse:
    def __init__(self):
        self._things = ["ladder", "lamp", "globe", "cello"]

    def things(self):
        return list(self._things)

    def store(self, person, thing):
        self._things.append(thing)
        print(f"{person} has stored a {thing}", flush=True)

    def take(self, person, thing):
        self._things.remove(thing)
        print(f"{person} has taken the {thing}", flush=True)


if __name__ == "__main__":
    Pyro5.api.serve({Warehouse: "example.warehouse"})
