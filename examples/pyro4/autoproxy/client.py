"""Asks for a lamp, and switches it on where it is."""

import Pyro4

house = Pyro4.Proxy("PYRONAME:example.house")
try:
    (lamp,) = house.lamp("kitchen")["for you"]
except Pyro4.errors.SecurityError:
    print("got a copy of a class that is unknown here: not read")
else:
    print("got a", type(lamp).__name__)
    lamp.switch_on()
