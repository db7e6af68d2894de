"""Lets the factory of server.py make things, and talks through them."""

import Pyro5.api

with Pyro5.api.Proxy(input("uri of the server? ").strip()) as factory:
    thingy = factory.make()
    print("I got a", type(thingy).__name__)
    print(thingy)
    thingy.speak("I talk where I was made")
    others = factory.make_several(2)
    for other in others:
        other.speak("So do I")
    print("They differ:", thingy != others[0] != others[1])
