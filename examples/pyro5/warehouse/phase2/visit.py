"""Two people visit the warehouse of warehouse.py, wherever that runs."""

import Pyro5.api
from person import Person

with Pyro5.api.Proxy(input("URI of the warehouse: ").strip()) as warehouse:
    Person("Mia").visit(warehouse)
    Person("Noah").visit(warehouse)
