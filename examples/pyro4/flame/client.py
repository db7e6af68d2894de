"""Works on another computer as if it sat there: modules, evaluation, files, a console.

Start `PYRO_FLAME_ENABLED=true python -m Pyro4.utils.flameserver`, then this. Who can
connect to that server can do everything there.
"""

import Pyro4
import Pyro4.utils.flame

Pyro4.config.SERIALIZER = "pickle"

location = input("uri? ").strip().partition("@")[2]
flame = Pyro4.utils.flame.connect(location)

print("-- modules of that Python")
path = flame.module("posixpath")
print(path.join("far", "away"), path.basename("/lib/thing.py"))
with flame.module("collections") as collections:
    print(collections.Counter("banana").most_common(1))

print("-- its builtins, expressions and statements")
print(flame.builtin("max")([3, 9, 4]))
print(flame.evaluate("sum(range(5))"))
flame.execute("print('I am printed there')")
try:
    flame.evaluate("1 // 0")
except ZeroDivisionError as error:
    print("ZeroDivisionError:", error)

print("-- a module that exists here only, until now")
flame.sendmodule("greeter", "def greet(whom):\n    return 'hello ' + whom\n")
print(flame.module("greeter").greet("Ada"))
print("and the other way:", "def rgb_to_hsv(" in flame.getmodule("colorsys"))

print("-- files")
flame.sendfile("note.txt", b"from afar")
print(flame.getfile("note.txt").decode())

print("-- a console")
with flame.console() as console:
    console.interact()
print("done")
