"""Expose what is wanted of a library, by a class in between.

Each in a terminal of its own:

    python server2.py
        python client.py        (paste the URI)
"""

import Pyro5.api
import weatherlib


class StationAdapter(weatherlib.Station):
    """Gives away less than the library does, and in a form that can be sent."""

    @Pyro5.api.expose
    def measure(self):
        return super().measure()

    @Pyro5.api.expose
    def report(self):
        return super().report().text


Pyro5.api.serve({StationAdapter: "example.station"}, use_ns=False)
