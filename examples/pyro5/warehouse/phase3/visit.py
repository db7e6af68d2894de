"""Two people visit the warehouse; take a thing that is not there, and see what happens."""

import sys

import Pyro5.api
import Pyro5.errors
from person import Person

sys.excepthook = Pyro5.errors.excepthook  # shows what went wrong in the warehouse, too

with Pyro5.api.Proxy("PYRONAME:example.warehouse") as warehouse:
    Person("Mia").visit(warehouse)
    Person("Noah").visit(warehouse)
