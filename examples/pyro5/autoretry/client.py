"""Calls server.py after it has closed the connection, without and with retries.

A call that is retried may be done twice: the connection can break after the call and before
its answer. So this is for methods where that does no harm.
"""

import Pyro5.api


def three_calls(calculator):
    print("first:", calculator.add(1, 1))
    print("second:", calculator.add(2, 2))
    input("Wait until the server closes the connection, then press Enter: ")
    print("third:", calculator.add(3, 3))


print("Without retries:")
with Pyro5.api.Proxy("PYRONAME:example.autoretry") as calculator:
    try:
        three_calls(calculator)
    except Pyro5.errors.ConnectionClosedError as error:
        print(type(error).__name__)

print("With retries:")
with Pyro5.api.Proxy("PYRONAME:example.autoretry") as calculator:
    calculator._pyroMaxRetries = 2
    three_calls(calculator)
