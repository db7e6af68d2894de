"""Agrees on a key, and opens the safe with it; without the key the safe stays shut."""

import secrets

import Pyro4
from exchange import Exchange

mine = Exchange(secrets.randbits(256))
with Pyro4.Proxy(input("uri? ").strip()) as keys:
    theirs, place = keys.exchange(str(mine.public))

for key in (None, b"a guess", mine.key(int(theirs))):
    safe = Pyro4.Proxy(place)
    safe._pyroHmacKey = key
    try:
        print("I have", safe.open())
    except Pyro4.errors.CommunicationError as error:
        print("not let in:", type(error).__name__)
