"""Meets the errors. Usage: python client.py URI"""

import sys

import fuses
import Pyro.core
import Pyro.util
from Pyro.errors import PyroError

house = Pyro.core.getProxyForURI(sys.argv[1])
try:
    house.divide(1, 0)
except ZeroDivisionError as error:
    print("ZeroDivisionError:", error)
    remote = "".join(Pyro.util.getPyroTraceback(error))
    print("the remote line is in the traceback:", "return a / b" in remote)
    print("as lines, too:", isinstance(error.remote_stacktrace, list))

try:
    house.overload()
except fuses.FuseError as error:
    print("FuseError:", error.room, error.amperes, error.args)

print("a value:", repr(house.excuse()))

try:
    house.secret()
except PyroError as error:
    print("PyroError, as nobody knows the class here:", "HouseError" in str(error))
for call in (lambda: house.divide(1), lambda: house.paint("blue")):
    try:
        call()
    except (TypeError, AttributeError) as error:
        print(type(error).__name__)
print("it goes on:", house.divide(1, 4))
