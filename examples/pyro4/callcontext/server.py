"""Looks at what comes with a call besides its arguments. Start it, then client.py."""

import Pyro4
from Pyro4 import current_context


class Daemon(Pyro4.Daemon):
    def annotations(self):
        """Return what goes with every answer."""
        return {"SERV": b"greenhouse"}


@Pyro4.expose
class Greenhouse:
    def water(self, plant):
        context = current_context
        notes = {key: bytes(value) for key, value in context.annotations.items()}
        notes.pop("CORR", None)
        notes.pop("HMAC", None)
        print(f"watering {plant}, call {context.seq}, notes {notes}")
        print("in the name of", context.correlation_id)
        context.response_annotations = {"DONE": plant.encode()}
        return context.serializer_id

    @Pyro4.oneway
    def ventilate(self):
        print("one-way in the name of", current_context.correlation_id)


daemon = Daemon()
daemon._pyroHmacKey = b"flower"  # who does not know it is not let in
print("uri =", daemon.register(Greenhouse, "greenhouse"))
print("Pyro daemon running.")
daemon.requestLoop()
