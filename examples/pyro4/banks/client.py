"""Moves money between two banks, as far as they have any."""

import Pyro4
import Pyro4.util


class NoMoneyError(ValueError):
    pass


def from_dict(_, data):
    return NoMoneyError(*data["args"])


Pyro4.util.SerializerBase.register_dict_to_class("__main__.NoMoneyError", from_dict)
banks = Pyro4.locateNS().list(prefix="example.bank.")
north, south = [Pyro4.Proxy(banks[name]) for name in sorted(banks)]
print("banks:", north.name, south.name)
for bank in (north, south):
    bank.open("Ida")
north.move("Ida", 100)
print("moved:", north.move("Ida", -70), south.move("Ida", 70))
for attempt in (
    lambda: north.move("Ida", -70),
    lambda: south.open("Ida"),
    lambda: south.move("Uwe", 1),
):
    try:
        attempt()
    except (NoMoneyError, KeyError) as error:
        print(type(error).__name__, error)
