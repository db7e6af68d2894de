"""Goes on when the server was restarted; press Enter for each call.

Usage: python client.py PORT
"""

import sys

import Pyro4

well = Pyro4.Proxy(f"PYRO:example.well@localhost:{sys.argv[1]}")
for _ in range(3):
    input("draw? ")
    try:
        print(well.draw())
    except Pyro4.errors.ConnectionClosedError:
        print("the connection is lost: connecting again")
        well._pyroReconnect(tries=10)
        print(well.draw(), "at last")

input("and without a server? ")
try:
    well._pyroReconnect(tries=1)
except Pyro4.errors.ConnectionClosedError as error:
    print("given up:", type(error).__name__)
