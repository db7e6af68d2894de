"""Does not wait for a long call, and makes another one meanwhile."""

import time

import Pyro4

began = time.monotonic()
printer = Pyro4.Proxy("PYRONAME:example.printer")
printer._pyroBind()
print("known to be one-way:", sorted(printer._pyroOneway))
print("printing gives", printer.print_book(300))
print("and that at once:", time.monotonic() - began < 1)
began = time.monotonic()
print(printer.hurry())
print("the second call had to wait:", time.monotonic() - began > 1)
