"""Things that belong to a client are closed when it goes, however it goes.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URI; end it as you like)
"""

import Pyro5.api

rented = {}  # Pyro tracks weakly, so somebody must hold the boats


class Boat:
    def __init__(self, name):
        self.name = name
        rented[name] = self

    def close(self):
        """Called by Pyro for every tracked boat, when its client has gone."""
        del rented[self.name]
        print(f"{self.name} drifts back to the shore", flush=True)


@Pyro5.api.expose
class Rental:
    def rent(self, name):
        Pyro5.api.current_context.track_resource(Boat(name))
        print(f"{name} is rented", flush=True)

    def bring_back(self, name):
        Pyro5.api.current_context.untrack_resource(rented.pop(name))
        print(f"{name} is back", flush=True)

    def rented(self):
        return sorted(rented)


Pyro5.api.serve({Rental: "example.rental"}, use_ns=False)
