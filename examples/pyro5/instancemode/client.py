"""Ask the objects of server.py, over two connections each."""

import Pyro5.api

for mode in "percall", "session", "single":
    uri = input(f"URI of example.{mode}: ").strip()
    with Pyro5.api.Proxy(uri) as one, Pyro5.api.Proxy(uri) as other:
        print("  one:  ", one.ask())
        print("  one:  ", one.ask())
        print("  other:", other.ask())
        print("  one:  ", one.ask())
        one._pyroRelease()  # the next call connects again: a new session
        print("  one:  ", one.ask(), "(after reconnecting)")
