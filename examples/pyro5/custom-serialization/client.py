"""Sends objects of its own class to server.py, with several serializers."""

import Pyro5.api
from mycustomclasses import Parcel, dict_to_parcel, parcel_to_dict

uri = input("uri of the server? ").strip()

print("Before the class is registered:")
with Pyro5.api.Proxy(uri) as office:
    try:
        office.forward(Parcel(1))
    except Pyro5.errors.SerializeError as error:
        print(type(error).__name__, str(error)[:30])

Pyro5.api.register_class_to_dict(Parcel, parcel_to_dict)
Pyro5.api.register_dict_to_class("example-parcel", dict_to_parcel)

for serializer in ("serpent", "json", "msgpack"):
    print(serializer)
    with Pyro5.api.Proxy(uri) as office:
        office._pyroSerializer = serializer
        result = office.forward(Parcel(42))
        print("one:", type(result).__name__, result.number)
        result = office.forward_all([Parcel(1), Parcel(2)])
        print("several:", result)
