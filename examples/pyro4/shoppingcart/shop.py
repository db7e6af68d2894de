"""A shop with a cart for each customer. Start names, this, then customers.py."""

import Pyro4


@Pyro4.expose
class Cart:
    def __init__(self):
        self._things = []

    def put(self, thing, price):
        self._things.append((thing, price))

    @property
    def total(self):
        return sum(price for _, price in self._things)


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Shop:
    def __init__(self):
        self._carts = {}

    def enter(self, customer):
        """Give the customer a cart, which stays in the shop."""
        cart = self._carts[customer] = Cart()
        self._pyroDaemon.register(cart)
        return cart

    def pay(self, customer, money):
        cart = self._carts[customer]
        if money < cart.total:
            raise ValueError(f"{customer} has not enough for {cart.total}")
        self._pyroDaemon.unregister(cart)
        del self._carts[customer]
        return money - cart.total

    def carts(self):
        return sum(name.startswith("obj_") for name in self._pyroDaemon.objectsById) - 1


Pyro4.Daemon.serveSimple({Shop: "example.shop"})
