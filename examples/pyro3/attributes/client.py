"""Reads and sets attributes of the greenhouse. Usage: python client.py URI"""

import sys

import Pyro.core

Pyro.core.initClient()
house = Pyro.core.getAttrProxyForURI(sys.argv[1])
print(house.describe())

house.celsius = house.celsius + 2
house.celsius += 1
print("now", house.celsius)

# What is read is a copy: to change it, set it.
house.plants.append("basil")
print(house.plants)
house.plants = [*house.plants, "basil"]
print(house.describe())

house.note = "water on Friday"
print("a new attribute:", house.note)

for name in ("colour", "_combination"):
    try:
        print(getattr(house, name))
    except AttributeError:
        print("there is no", name)
try:
    house.describe = "small"
except AttributeError as error:
    print("describe:", error)

# Without attributes, each name is a method, and what is set stays here.
plain = Pyro.core.getProxyForURI(sys.argv[1])
plain.celsius = 100
print(plain.celsius, house.celsius, callable(plain.plants))
