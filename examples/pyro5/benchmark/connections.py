"""Measures how fast connections to server.py are made.

Usage: python connections.py [connections]
"""

import sys
import time

import Pyro5.api

NUMBER = int(sys.argv[1]) if len(sys.argv) > 1 else 500

uri = input("uri of the server? ").strip()


def connect():
    with Pyro5.api.Proxy(uri) as bench:
        bench._pyroBind()


def connect_and_call():
    with Pyro5.api.Proxy(uri) as bench:
        bench.nothing()


def rate(what, function):
    start = time.perf_counter()
    for _ in range(NUMBER):
        function()
    print(f"{what}: {NUMBER / (time.perf_counter() - start):.0f} per second")


rate("connections", connect)
rate("connections with a call", connect_and_call)
with Pyro5.api.Proxy(uri) as kept:
    rate("calls on a connection that is kept", kept.nothing)
