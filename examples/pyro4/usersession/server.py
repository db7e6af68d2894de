"""Keeps something for each user, whoever's connection it is. Start it, then client.py."""

import Pyro4
from Pyro4 import current_context

TOKENS = {"t-17": "ann", "t-42": "bob"}


class Daemon(Pyro4.Daemon):
    """Lets in who has a token; each call says it again, in the annotation USER."""

    def validateHandshake(self, conn, data):
        if data not in TOKENS:
            raise ValueError("unknown token")
        return f"welcome {TOKENS[data]}"


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Notes:
    def __init__(self):
        self._notes = {}

    def _user(self):
        return TOKENS[bytes(current_context.annotations["USER"]).decode()]

    def add(self, note):
        self._notes.setdefault(self._user(), []).append(note)

    def all(self):
        return self._user(), sorted(self._notes.get(self._user(), []))


daemon = Daemon()
print("uri =", daemon.register(Notes, "example.notes"))
print("Pyro daemon running.")
daemon.requestLoop()
