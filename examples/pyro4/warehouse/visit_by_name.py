"""A visitor who asks for the warehouse by its name.

Take something that is not there: Pyro4's hook shows where in the warehouse it failed.
"""

import sys

import Pyro4
import Pyro4.util
from visitor import Visitor

sys.excepthook = Pyro4.util.excepthook
Visitor("Ruth").visit(Pyro4.Proxy("PYRONAME:example.warehouse"))
