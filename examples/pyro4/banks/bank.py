"""A bank. Start names, `bank.py North`, `bank.py South`, then client.py."""

import sys

import Pyro4


class NoMoneyError(ValueError):
    """What becomes of it on its way is up to the client."""


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Bank:
    def __init__(self):
        self._accounts = {}

    @property
    def name(self):
        return sys.argv[1]

    def open(self, owner):
        if owner in self._accounts:
            raise KeyError(f"{owner} has an account")
        self._accounts[owner] = 0

    def move(self, owner, amount):
        """Pay in, or out if *amount* is negative; return what is there then."""
        if self._accounts[owner] + amount < 0:
            raise NoMoneyError(f"{owner} has only {self._accounts[owner]}")
        self._accounts[owner] += amount
        return self._accounts[owner]


Pyro4.Daemon.serveSimple({Bank: f"example.bank.{sys.argv[1]}"})
