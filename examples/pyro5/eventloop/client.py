"""Finds the object of either server by its name, and calls it.

Usage: python client.py [port of the beacon]

Told the port of the beacon, it asks there for the name server.
"""

import socket
import sys

import Pyro5.api

if len(sys.argv) > 1:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.sendto(b"GET_NSURI", ("127.0.0.1", int(sys.argv[1])))
        print("the beacon says:", sock.recv(100).decode())

with Pyro5.api.Proxy("PYRONAME:example.eventloop") as workbench:
    print("5 * 11 =", workbench.multiply(5, 11))
    print("'x' * 10 =", workbench.multiply("x", 10))
    print(workbench.shout("it works"))
