"""Colours the square of receiver.py: a name of a colour, or three numbers up to 255.

Other answers: AGE, SAVE, CLEAR, which is refused, or nothing, which ends it.
"""

import Pyro4

names = Pyro4.locateNS()
square = Pyro4.Proxy(names.lookup("example.square"))
known = {"RED": "red", "GREEN": "green", "BLUE": "blue"}

while text := input("colour? ").strip().upper():
    try:
        if text in known:
            print(getattr(square, known[text])())
        elif text == "AGE":
            print("young" if square.age() < 3600 else "old")
        elif text == "SAVE":
            print(square.save("square.png"))
        elif text == "CLEAR":
            square.clear()
        else:
            red, green, blue = map(int, text.split(","))
            print(square.colour((red, green, blue)))
    except AttributeError:
        print("the square does not let others do that")
    except ValueError:
        print("that is neither a colour nor three numbers")
