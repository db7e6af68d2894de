"""Two kinds of banks: one lets you have debts.

The base class is exposed, and so is each class below it: what @expose on a class publishes
are the methods of its own body.
"""

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Bank:
    def __init__(self):
        self._accounts = {}

    @property
    def name(self):
        return type(self).__name__

    def open_account(self, customer):
        if customer in self._accounts:
            raise ValueError(f"{customer} has an account")
        self._accounts[customer] = 0.0

    def deposit(self, customer, amount):
        if amount <= 0:
            raise ValueError("deposits are positive")
        self._accounts[customer] += amount
        print(f"{self.name}: {customer} brings {amount}")

    def withdraw(self, customer, amount):
        raise NotImplementedError

    def balance(self, customer):
        return self._accounts[customer]

    def accounts(self):
        return sorted(self._accounts.items())


@Pyro5.api.expose
class CarefulBank(Bank):
    def withdraw(self, customer, amount):
        if amount > self._accounts[customer]:
            raise ValueError("no debts at this bank")
        self._accounts[customer] -= amount
        print(f"{self.name}: {customer} takes {amount}")


@Pyro5.api.expose
class GenerousBank(Bank):
    def withdraw(self, customer, amount):
        self._accounts[customer] -= amount
        print(f"{self.name}: {customer} takes {amount}")
