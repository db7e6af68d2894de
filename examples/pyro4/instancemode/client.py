"""Talks to each of three classes over two connections."""

import Pyro4

place = input("uri? ").strip().partition("@")[2]
for mode in ("session", "percall", "single"):
    first = Pyro4.Proxy(f"PYRO:{mode}@{place}")
    second = Pyro4.Proxy(f"PYRO:{mode}@{place}")
    print(mode, [proxy.who() for proxy in (first, first, second)])
    first._pyroRelease()
    print("   after another connection:", first.who())
