"""A warehouse at an address. Start it, then visit.py, which wants the printed address.

The class is an ordinary one: nothing in it says which methods may be called from afar.
Pyro4 from 4.46 on wants them marked with @Pyro4.expose, or PYRO_REQUIRE_EXPOSE=false.
"""

import Pyro4


class Warehouse:
    def __init__(self):
        self.shelf = ["ladder", "kettle", "sledge"]

    def stock(self):
        return self.shelf

    def bring(self, who, thing):
        self.shelf.append(thing)
        print(f"{who} brought: {thing}")

    def fetch(self, who, thing):
        self.shelf.remove(thing)
        print(f"{who} fetched: {thing}")


if __name__ == "__main__":
    Pyro4.Daemon.serveSimple({Warehouse(): "example.warehouse"}, ns=False)
