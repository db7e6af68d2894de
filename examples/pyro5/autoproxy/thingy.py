"""A thing that talks where it lives."""

import Pyro5.api


@Pyro5.api.expose
class Thingy:
    def __init__(self, number):
        self.number = number

    def speak(self, message):
        print(f"Thingy {self.number} says: {message}")
