"""Has two toasters, found at the name server in the same loop, make toast."""

import Pyro4

with Pyro4.locateNS() as names:
    found = names.list(prefix="example.toaster.")
for name in sorted(found):
    with Pyro4.Proxy(f"PYRONAME:{name}") as toaster:
        print(name, "has", toaster.make_toast())
with Pyro4.Proxy(found["example.toaster.1"]) as toaster:
    print(toaster.make_toast(), "and", toaster.make_toast())
