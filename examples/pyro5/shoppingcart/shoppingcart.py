"""The cart that a customer gets at the entrance."""

import Pyro5.api


@Pyro5.api.expose
class ShoppingCart:
    def __init__(self, customer):
        self.customer = customer  # not exposed: an attribute of the server's side only
        self._goods = []

    def put(self, article):
        self._goods.append(article)

    def goods(self):
        return list(self._goods)

    def empty(self):
        self._goods.clear()
