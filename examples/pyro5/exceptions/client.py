"""Make the errors of server.py happen; the last one ends this program, on purpose."""

import sys

import Pyro5.api
import Pyro5.errors
from mishaps import NotOnTheMenu


def make_not_on_the_menu(classname, data):
    """Build the error again from what arrived."""
    error = NotOnTheMenu(*data["args"])
    vars(error).update(data["attributes"])
    return error


Pyro5.api.register_dict_to_class("mishaps.NotOnTheMenu", make_not_on_the_menu)

kitchen = Pyro5.api.Proxy(input("URI of the kitchen: ").strip())

try:
    kitchen.share(2, 0)
except ZeroDivisionError as error:
    print("share: ZeroDivisionError:", error)

try:
    kitchen.count("forks")
except KeyError as error:
    print("count: KeyError:", error)

try:
    kitchen.order("pizza")
except NotOnTheMenu as error:
    print("order: NotOnTheMenu:", error, "- but there is", error.alternatives)

try:
    kitchen.share(2)
except TypeError as error:
    print("share: TypeError:", error)

try:
    kitchen.bake("cake")
except Pyro5.errors.PyroError as error:
    named = "mishaps.BurntDish" in str(error)
    print(f"bake: {type(error).__name__}; its text tells the original: {named}")

print("check returns:", repr(kitchen.check(900)))

print("\nThe traceback of an error that was caught:")
try:
    kitchen.prepare("leek")
except ZeroDivisionError:
    print("".join(Pyro5.errors.get_pyro_traceback()))

print("And of one that was not, by excepthook:", flush=True)
sys.excepthook = Pyro5.errors.excepthook
kitchen.prepare("onion")
