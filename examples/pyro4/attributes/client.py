"""Reads and sets attributes of an object that is elsewhere."""

import Pyro4

thermostat = Pyro4.Proxy(input("uri? ").strip())
print("connected:", thermostat._pyroConnection is not None)
print("measured", thermostat.measured)  # asks for the metadata, then for the value
thermostat.target += 2
print("measured", thermostat.measured)
print("known:", sorted(thermostat._pyroAttrs))

for name in ("maker", "hidden", "unmarked"):
    print(name, hasattr(thermostat, name))
for name in ("hidden", "measured"):
    try:
        setattr(thermostat, name, 99)
    except AttributeError:
        print(name, "can't be set")
print("without operators:", not hasattr(type(thermostat), "__len__"), bool(thermostat))

print("-- without metadata all names are methods, and assignments stay here")
Pyro4.config.METADATA = False
plain = Pyro4.Proxy(thermostat._pyroUri)
print(callable(plain.measured), callable(plain.anything))
plain.target = 5
print(plain.target, thermostat.target)
