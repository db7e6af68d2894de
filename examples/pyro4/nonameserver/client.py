"""Greets by way of an object whose URI is typed in, in small letters if you like."""

import Pyro4

greeter = Pyro4.Proxy(input("uri? ").strip())
print(greeter._pyroUri.protocol, greeter.greet("Lin"))
for wrong in ("PYRO:greeter", "greeter@localhost:4444", "PYRO:greeter@localhost"):
    try:
        Pyro4.Proxy(wrong)
    except Pyro4.errors.PyroError:
        print("no URI:", wrong)
