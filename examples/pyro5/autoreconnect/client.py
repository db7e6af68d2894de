"""Calls the object of server.py again and again, and reconnects when it was away.

Usage: python client.py [--port 7777] [--calls 60] [--step]

Stop the server while this runs, and start it again. With --step the next call is made when
you press Enter, without it after a second.
"""

import argparse
import time

import Pyro5.api

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=7777)
parser.add_argument("--calls", type=int, default=60)
parser.add_argument("--step", action="store_true")
options = parser.parse_args()

relay = Pyro5.api.Proxy(f"PYRO:example.relay@localhost:{options.port}")
number = 1
while number <= options.calls:
    try:
        print(relay.forward(number))
    except Pyro5.errors.ConnectionClosedError:
        print("The connection is lost. Reconnecting ...")
        relay._pyroReconnect(tries=20)
        print("Connected again. The last call may have been done or not; it is repeated.")
        continue
    number += 1
    if options.step:
        input("Enter for the next call: ")
    else:
        time.sleep(1)
