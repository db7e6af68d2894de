"""Errors of our own; server.py raises them, client.py knows one of them."""

import threading


class NotOnTheMenu(Exception):
    """Carries an attribute, which travels with it."""

    def __init__(self, dish, alternatives=()):
        super().__init__(dish)
        self.alternatives = list(alternatives)


class BurntDish(Exception):
    """Holds something that cannot travel: the smoke."""

    def __init__(self, dish):
        super().__init__(dish)
        self.smoke = threading.Lock()
