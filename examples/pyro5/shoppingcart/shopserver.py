"""A shop that makes a Pyro object for each customer, and removes it when he leaves.

Each in a terminal of its own:

    python -m Pyro5.nameserver
        python shopserver.py
        python clients.py
"""

import Pyro5.api
from shoppingcart import ShoppingCart

PRICES = {"apple": 30, "bread": 220, "cheese": 450}


@Pyro5.api.expose
@Pyro5.api.behavior("single")
class Shop:
    def enter(self, customer):
        """Return a cart; it is registered, so the customer gets a proxy for it."""
        print(f"{customer} enters", flush=True)
        cart = ShoppingCart(customer)
        self._pyroDaemon.register(cart)
        return cart

    def prices(self):
        return PRICES

    def pay(self, cart):
        """Return a receipt. A proxy came here: the cart is in the daemon's table."""
        cart = self._find(cart)
        lines = [f"{article:8}{PRICES[article]:6}" for article in cart.goods()]
        total = sum(PRICES[article] for article in cart.goods())
        cart.empty()
        return [f"receipt for {cart.customer}", *lines, f"{'total':8}{total:6}"]

    def leave(self, cart):
        cart = self._find(cart)
        if cart.goods():
            print(f"{cart.customer} is held up at the door", flush=True)
            raise PermissionError(f"{cart.customer} has not paid for {cart.goods()}")
        print(f"{cart.customer} leaves", flush=True)
        self._pyroDaemon.unregister(cart)

    def _find(self, cart):
        return self._pyroDaemon.objectsById[cart._pyroUri.object]


Pyro5.api.serve({Shop: "example.shop"})
