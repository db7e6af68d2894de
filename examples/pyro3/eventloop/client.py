"""Rings the bell. Usage: python client.py URI"""

import sys

import Pyro.core

bell = Pyro.core.getProxyForURI(sys.argv[1])
for following in ("one round", "its loop", "end"):
    print("rung in:", bell.ring())
    input("Press Enter when it was heard: ")
    bell.next(following)
