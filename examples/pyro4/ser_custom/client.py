"""Sends points with each serializer, and again when it has forgotten what points are."""

import points
import Pyro4

uri = input("uri? ").strip()
points.teach()
for serializer in ("serpent", "json", "marshal", "msgpack"):
    mover = Pyro4.Proxy(uri)
    mover._pyroSerializer = serializer
    print(f"{serializer}:", mover.move(points.Point(1, 2), by=10))

points.forget()
try:
    Pyro4.Proxy(uri).move(points.Point(1, 2), by=10)
except Pyro4.errors.SerializeError:
    print("forgotten: the server does not know this class")
