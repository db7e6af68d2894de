"""A kitchen where much goes wrong: errors of methods are raised in the client.

The server is told of each error as well, by its error handler.

    python server.py
    python client.py        (paste the URI that the server printed)
"""

import Pyro5.api
from mishaps import BurntDish, NotOnTheMenu


@Pyro5.api.expose
class Kitchen:
    def __init__(self):
        self.drawers = {"spoons": 12}

    def share(self, pizzas, guests):
        return pizzas / guests

    def count(self, drawer):
        return self.drawers[drawer]

    def order(self, dish):
        raise NotOnTheMenu(dish, alternatives=["soup", "stew"])

    def bake(self, dish):
        raise BurntDish(dish)

    def check(self, temperature):
        return ValueError(f"{temperature} degrees are too hot")  # returned, not raised

    def prepare(self, dish):
        return self.chop(dish, pieces=0)

    def chop(self, dish, pieces):
        return len(dish) % pieces


def report(daemon, client, method, args, kwargs, error):
    """Be told of an error that goes to a client."""
    print(f"{method.__name__}{tuple(args)} failed: {type(error).__name__}", flush=True)


daemon = Pyro5.api.Daemon()
daemon.methodcall_error_handler = report
Pyro5.api.serve({Kitchen: "example.kitchen"}, daemon=daemon, use_ns=False)
