"""Talks to the echo server. Usage: python client.py URI..., those that it prints."""

import sys

import Pyro.core

for uri in [*sys.argv[1:], "PYRONAME://:Pyro.test.echoserver"]:
    echo = Pyro.core.getProxyForURI(uri)
    print(uri.split("://")[0], echo.echo("hello"))

print(echo.echo({"numbers": [1, 2.5, None], "pair": (1, "two")}))
try:
    echo.error()
except ZeroDivisionError as error:
    print("ZeroDivisionError:", error)
try:
    echo.echo()
except TypeError:
    print("it wants an argument")
