"""Sends functions that the server has never seen, even such without a name.

Usage: python client.py SERIALIZER
"""

import sys

import Pyro4

Pyro4.config.SERIALIZER = sys.argv[1]


def enlarge(value, factor=1.5):
    return int(value * factor)


uri = input("uri? ").strip()
machine = Pyro4.Proxy(uri)
print("a function of this program:", machine.call(enlarge, [1, 10, 100]))
print("one without a name:", machine.call(lambda value: -value, [1, 2]))
print("one that keeps a value:", machine.call("-".join, ["ab", "cde"]))

print("-- serializers that were not asked for are refused")
for serializer in ("serpent", "pickle"):
    other = Pyro4.Proxy(uri)
    other._pyroSerializer = serializer
    try:
        other.call("abs", [1])
    except Pyro4.errors.CommunicationError as error:
        print(serializer, "is refused with a", type(error).__name__)
