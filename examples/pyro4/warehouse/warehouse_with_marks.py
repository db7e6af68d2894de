"""The same warehouse as later Pyro4 wants it: marked, and the class instead of an object.

Start names, this, then visit_by_name.py.
"""

import Pyro4
from warehouse import Warehouse

marked = Pyro4.behavior(instance_mode="single")(Pyro4.expose(Warehouse))
Pyro4.Daemon.serveSimple({marked: "example.warehouse"})
