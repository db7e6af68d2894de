"""Two visitors of the warehouse at an address that is typed in."""

import Pyro4
from visitor import Visitor

warehouse = Pyro4.Proxy(input("Where is the warehouse? ").strip())
for name in ("Ruth", "Olaf"):
    Visitor(name).visit(warehouse)
