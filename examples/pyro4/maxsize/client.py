"""Limits the size of messages. Start `python -m Pyro4.test.echoserver`, then this."""

import Pyro4
from Pyro4.errors import ConnectionClosedError, MessageTooLargeError

uri = input("uri? ").strip()
echo = Pyro4.Proxy(uri)
print("without a limit:", len(echo.echo("x" * 5000)))
Pyro4.config.MAX_MESSAGE_SIZE = 1000
print("small enough:", len(echo.echo("x" * 500)))
for title, call in (
    ("too large to be sent", lambda: echo.echo("x" * 5000)),
    ("too large to be received", lambda: echo.echo(["x" * 90] * 12)),
):
    try:
        print(title, len(call()))
    except (ConnectionClosedError, MessageTooLargeError) as error:
        print(f"{title}: {type(error).__name__}")
Pyro4.config.MAX_MESSAGE_SIZE = 0
print("and on:", echo.echo("fine"))
