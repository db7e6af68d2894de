"""Give up when it takes too long: python client.py [patience in seconds]"""

import socket
import sys
import time

import Pyro5.api
import Pyro5.errors

patience = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


def attempt(title, function):
    start = time.monotonic()
    try:
        result = function()
    except Pyro5.errors.TimeoutError as error:
        result = f"TimeoutError: {error}"
    print(f"{title}: {result}, {time.monotonic() - start:.1f} s")


with Pyro5.api.Proxy("PYRONAME:example.clerk") as clerk:
    clerk._pyroTimeout = patience
    attempt("a quick call", clerk.answer)
    attempt("a slow call", clerk.think)
    attempt("the proxy connects again", clerk.answer)

Pyro5.config.COMMTIMEOUT = patience  # for all proxies to come
with Pyro5.api.Proxy("PYRONAME:example.clerk") as clerk:
    attempt("a slow call of a new proxy", clerk.think)

with socket.create_server(("localhost", 0)) as deaf:  # takes connections, never answers
    uri = f"PYRO:nobody@localhost:{deaf.getsockname()[1]}"
    with Pyro5.api.Proxy(uri) as nobody:
        attempt("a server that does not answer", nobody._pyroBind)

Pyro5.config.COMMTIMEOUT = 0  # from now on wait for ever
with Pyro5.api.Proxy("PYRONAME:example.clerk") as clerk:
    clerk.ring()
    attempt("without a timeout", clerk.think)
