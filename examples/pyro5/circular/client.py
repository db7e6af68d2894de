"""Sends a message round the chain, which has no end."""

import Pyro5.api

with Pyro5.api.Proxy("PYRONAME:example.chain.A") as first:
    for line in first.process([]):
        print(line)
