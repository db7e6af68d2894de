"""Reads the instruments. They look all the same from here."""

import Pyro.core

Pyro.core.initClient()
for name in ("outside", "inside", "parlour", "humidity"):
    print(name, Pyro.core.getProxyForURI("PYRONAME://" + name).read())

inside = Pyro.core.getAttrProxyForURI("PYRONAME://inside")
parlour = Pyro.core.getAttrProxyForURI("PYRONAME://parlour")
print("the same object in front:", inside == parlour)
inside.celsius = 22
print("the same thermometer behind:", parlour.celsius, parlour.readings)
