"""Goes through generators that run elsewhere, also after another connection."""

import itertools

import Pyro4

source = Pyro4.Proxy(input("uri? ").strip())
print("all of it:", *source.countdown(4))
print("some of an endless one:", *itertools.islice(source.odd(), 5))
print("not streamed:", source.letters())

stream = source.countdown(1000)
print("a", type(stream).__name__, "that gives", next(stream))
stream.close()
print("closed")
try:
    for piece in source.broken():
        print(piece)
except RuntimeError as error:
    print("RuntimeError:", error)

stream = source.odd()
print("before:", next(stream), next(stream))
source._pyroRelease()
try:
    next(stream)
except Pyro4.errors.ConnectionClosedError:
    print("no connection")
source._pyroReconnect()
print("after:", next(stream))
stream.close()
