"""Calls again after a while: without retries, with those configured, with a proxy's own."""

import Pyro4

uri = input("uri? ").strip()


def call_twice(adder):
    print("tries again up to", adder._pyroMaxRetries, "times:", adder.add(2, 2))
    input("wait for the server... ")
    try:
        print("   then", adder.add(3, 4))
    except Pyro4.errors.ConnectionClosedError:
        print("   then the connection was closed")


call_twice(Pyro4.Proxy(uri))
Pyro4.config.MAX_RETRIES = 2
call_twice(Pyro4.Proxy(uri))
adder = Pyro4.Proxy(uri)
adder._pyroMaxRetries = 0
call_twice(adder)
