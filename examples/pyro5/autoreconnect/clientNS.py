"""Like client.py, for serverNS.py: the object is found by its name.

Usage: python clientNS.py [--calls 60] [--step]
"""

import argparse
import time

import Pyro5.api

parser = argparse.ArgumentParser()
parser.add_argument("--calls", type=int, default=60)
parser.add_argument("--step", action="store_true")
options = parser.parse_args()

relay = Pyro5.api.Proxy("PYRONAME:example.autoreconnect")
print("Before the first call it has a name:", relay._pyroUri)
relay._pyroBind()
print("Then it has an address:", relay._pyroUri)
number = 1
while number <= options.calls:
    try:
        print(relay.forward(number))
    except Pyro5.errors.ConnectionClosedError:
        print("The connection is lost. Reconnecting ...")
        relay._pyroReconnect(tries=20)
        print("Connected again.")
        continue
    number += 1
    if options.step:
        input("Enter for the next call: ")
    else:
        time.sleep(1)
