"""The same warehouse, with a name. Start names, this, then visit_by_name.py."""

import Pyro4
from warehouse import Warehouse

Pyro4.Daemon.serveSimple({Warehouse(): "example.warehouse"}, ns=True)
