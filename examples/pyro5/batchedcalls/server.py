"""A calculator for many small calls. Start it, then client.py."""

import Pyro5.api


@Pyro5.api.expose
class Calculator:
    def add(self, x, y):
        return x + y

    def divide(self, x, y):
        return x // y

    def say(self, text):
        print(text)


Pyro5.api.serve({Calculator: "example.calculator"}, use_ns=False)
