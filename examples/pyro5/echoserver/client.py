"""Talks to the echo server that comes with Pyro5. Start that first.

Usage of the server: python -m Pyro5.utils.echoserver
"""

import Pyro5.api

with Pyro5.api.Proxy(input("uri of the server? ").strip()) as echo:
    for value in ("hello", 42, 1.5, [1, 2, 3], {"a": None}, (True, 1j)):
        print("echo:", echo.echo(value))
    print("one way:", echo.oneway_echo("nobody hears the answer"))
    for item in echo.generator():
        print("item:", item)
    print("a method with underscores:", echo.__dunder__())
    print("not a number and infinity:", echo.nan(), echo.inf())
    print("verbose:", echo.verbose)
    try:
        echo.error()
    except ValueError:
        print("".join(Pyro5.errors.get_pyro_traceback()))
    print("Ending the server.")
    echo.shutdown()
