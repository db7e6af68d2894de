"""A calculator. Start it, then client.py."""

import Pyro4


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Calculator:
    def __init__(self):
        self.calls = 0

    def divide(self, first, second):
        self.calls += 1
        print(f"{first} / {second}")
        return first / second

    def count(self):
        return self.calls


Pyro4.Daemon.serveSimple({Calculator: "example.calculator"}, ns=False)
