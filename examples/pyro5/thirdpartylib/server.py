"""Expose a class of a library, which must not be changed, as a whole.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URI)
"""

import Pyro5.api
import weatherlib

Station = Pyro5.api.expose(weatherlib.Station)  # what is a decorator is a function, too

Pyro5.api.serve({Station: "example.station"}, use_ns=False)
