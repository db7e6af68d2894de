"""Borrows tools, and goes away with them."""

import Pyro4

with Pyro4.Proxy(input("uri? ").strip()) as workshop:
    for tool in ("hammer", "saw"):
        workshop.borrow(tool)
    workshop.give_back("saw")
    print("on loan:", workshop.list())
