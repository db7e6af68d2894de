"""Tries things with the server that comes with Pyro4: `python -m Pyro4.test.echoserver`."""

import Pyro4

with Pyro4.Proxy(input("uri? ").strip()) as echo:
    print(echo.echo({"list": [1, 2.5, None], "text": "grün"}))
    print(*echo.generator())
    print("verbose:", echo.verbose)
    try:
        echo.error_with_text()
    except ValueError as error:
        print("ValueError with a text:", bool(str(error)))
    echo.shutdown()
