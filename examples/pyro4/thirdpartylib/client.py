"""Uses a library that is somewhere else."""

import Pyro4

place = input("uri? ").strip().partition("@")[2]
circle = Pyro4.Proxy(f"PYRO:circle@{place}")
print("radius", circle.radius, "area", circle.area())
try:
    print(circle.scaled(2))
except Pyro4.errors.SerializeError:
    print("its own circles can't travel")
larger = Pyro4.Proxy(f"PYRO:adapter@{place}").scaled(10)
print("but stay:", type(larger).__name__, larger.area())
