"""Travels round the ring, twice."""

import Pyro4

print(" - ".join(Pyro4.Proxy("PYRONAME:example.station.A").travel([])))
