"""Messages have a largest size, which a program may set.

Each in a terminal of its own:

    python -m Pyro5.utils.echoserver
        python client.py        (paste the URI that the echo server printed)
"""

import Pyro5.api
import Pyro5.errors

LIMIT = 2500

with Pyro5.api.Proxy(input("URI of the echo server: ").strip()) as echo:
    text = "x" * 2 * LIMIT
    print("no limit:", len(echo.echo(text)), "characters came back")

    Pyro5.config.MAX_MESSAGE_SIZE = LIMIT
    try:
        echo.echo(text)
    except Pyro5.errors.ProtocolError as error:
        # A MessageTooLargeError; the original Pyro5 5.17 raises its parent class.
        print("too large to send:", type(error).__name__)
    print("nothing was sent, so the connection is fine:", echo.echo("hello"))

    Pyro5.config.COMPRESSION = True
    print("compressed it is small enough:", len(echo.echo(text[:2400])))
