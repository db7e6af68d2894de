"""Goes on when the server was restarted; press Enter for each call.

Usage: python client.py PORT or python client.py named, as server.py
"""

import sys

import Pyro4

place = f"PYRO:example.well@localhost:{sys.argv[1]}"
well = Pyro4.Proxy("PYRONAME:example.well" if sys.argv[1] == "named" else place)
for _ in range(3):
    input("draw? ")
    try:
        print(well.draw())
    except Pyro4.errors.ConnectionClosedError:
        print("the connection is lost: connecting again")
        well._pyroReconnect(tries=10)
        print(well.draw(), "at last")
print("the proxy keeps what it was given:", well._pyroUri.protocol)

input("and without a server? ")
try:
    well._pyroReconnect(tries=1)
except Pyro4.errors.ConnectionClosedError as error:
    print("given up:", type(error).__name__)
