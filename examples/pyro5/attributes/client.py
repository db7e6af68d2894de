"""Reads and sets properties of the object of server.py, and what can't be reached."""

import Pyro5.api

tank = Pyro5.api.Proxy(input("uri of the server? ").strip())

print("litres:", tank.litres)
tank.litres += 500
print("litres after += 500:", tank.litres)
print("describe():", tank.describe())
print("len(tank):", len(tank))
print("__invert__():", tank.__invert__())

print("What can't be reached:")
for what in ("owner", "empty", "_litres", "nonsense"):
    try:
        print(getattr(tank, what))
    except AttributeError as error:
        print("  reading", what, "->", type(error).__name__)
try:
    tank.labels = {}
except AttributeError as error:
    print("  setting labels ->", type(error).__name__)

labels = tank.labels
labels["content"] = "oil"
print("My copy of the labels:", labels)
print("Those of the tank:", tank.labels)

# Names behind a second dot are not looked for over there.
try:
    tank.describe.loudly()
except AttributeError as error:
    print("tank.describe.loudly() ->", type(error).__name__)
