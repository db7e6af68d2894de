"""Shows what arrives of errors that happen elsewhere."""

import sys

import Pyro4
import Pyro4.util

tests = Pyro4.Proxy(input("uri? ").strip())
for method, arguments in (
    ("divide", (3, 0)),
    ("divide", ("a", 2)),
    ("decorated", ()),
    ("closed", ()),
    ("own", ()),
    ("unserializable", ()),
):
    try:
        print(getattr(tests, method)(*arguments))
    except Exception as error:
        print(f"{method}: {type(error).__module__}.{type(error).__name__}")
        if hint := getattr(error, "hint", None):
            print("   the hint is", hint)

print("-- the remote traceback, as lines")
try:
    tests.divide(1, 0)
except ZeroDivisionError:
    print("".join(Pyro4.util.getPyroTraceback()))

print("-- and for all errors that nobody catches")
sys.excepthook = Pyro4.util.excepthook
tests.divide(2, 0)
